// For "azd up" (azure.yaml): cheap, and without a GPU unless AACLIP_GPU_PROFILE names one. azd sets the variables SERVICE_* after it has
// pushed an image, and AACLIP_APPS_EXIST and AACLIP_REVIEW_EXISTS from the outputs of the previous deployment.
using 'main.bicep'

param prefix = readEnvironmentVariable('AACLIP_PREFIX', 'aaclip')
param scorerImage = readEnvironmentVariable('SERVICE_SCORER_IMAGE_NAME', '')
param routerImage = readEnvironmentVariable('SERVICE_ROUTER_IMAGE_NAME', '')
param deployApps = !empty(scorerImage) && !empty(routerImage)
param reviewImage = readEnvironmentVariable('SERVICE_REVIEW_IMAGE_NAME', '')
param reviewClientId = readEnvironmentVariable('AACLIP_REVIEW_CLIENT_ID', '')
param reviewVaultAddress = readEnvironmentVariable('AACLIP_REVIEW_VAULT_ADDRESS', '')
param openReview = toLower(readEnvironmentVariable('AACLIP_REVIEW_EXISTS', 'false')) == 'true'
param ownScaleRules = toLower(readEnvironmentVariable('AACLIP_APPS_EXIST', 'false')) == 'true'
param gpuProfile = readEnvironmentVariable('AACLIP_GPU_PROFILE', '')
param scorerReplicas = {
  min: 0
  max: 1
}
param routerReplicas = {
  min: 0
  max: 1
}
param storageSku = 'Standard_LRS'
param registrySku = 'Basic'
param publicApi = true
param alertEmail = readEnvironmentVariable('AACLIP_ALERT_EMAIL', '')
param settings = empty(gpuProfile)
  ? {
      Limits__MaxImagesInMemory: '4' // 8 GiB of memory
    }
  : {}
