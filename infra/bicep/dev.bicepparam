// Cheap and without a GPU: one CPU scorer that scales to zero while no image comes, all data deleted after a month.
using 'main.bicep'

param prefix = 'aaclipdev'
param deployApps = true
param gpuProfile = ''
param scorerImage = 'aaclip-cpu:0.1.0'
param routerImage = 'aaclip-cpu:0.1.0'
param scorerReplicas = {
  min: 0
  max: 1
}
param routerReplicas = {
  min: 0
  max: 1
}
param storageSku = 'Standard_LRS'
param imagesDays = 30
param resultsDays = 30
param heatmapsDays = 30
param mapsDays = 30
param registrySku = 'Basic'
param dailyGigabytes = 1
param publicApi = true
param settings = {
  Limits__MaxImagesInMemory: '4' // 8 GiB of memory
}
