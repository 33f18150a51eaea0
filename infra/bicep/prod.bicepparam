// A GPU, private networking, and a router that always runs. Set AACLIP_ALERT_EMAIL, and fill in the digests of the images you tested.
using 'main.bicep'

param prefix = 'aaclip'
param deployApps = true
param gpuProfile = 'Consumption-GPU-NC8as-T4'
param scorerImage = 'aaclip-gpu:0.1.0'
param routerImage = 'aaclip-cpu:0.1.0'
param scorerReplicas = {
  min: 0
  max: 5
}
param routerReplicas = {
  min: 1
  max: 5
}
param privateNetworking = true
param registrySku = 'Premium'
param alertEmail = readEnvironmentVariable('AACLIP_ALERT_EMAIL') // required: an operator must be notified of problems
param alertSource = '/plant1/aaclip'
