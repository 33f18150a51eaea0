// AaClip.Functions in Azure: one resource group. docs/deploy.md says how to use it.
//   az deployment group create --resource-group RG --parameters infra/bicep/dev.bicepparam
// First with deployApps=false; then push the images; then with deployApps=true; then, if wanted, with ownScaleRules=true.

targetScope = 'resourceGroup'

@description('What the names of all resources begin with: lower-case letters and digits.')
@minLength(3)
@maxLength(10)
param prefix string

@description('Region. Serverless GPUs are not in every region, and need quota.')
param location string = resourceGroup().location

@description('Makes names that are unique in all of Azure.')
param suffix string = substring(uniqueString(resourceGroup().id), 0, 8)

@description('Make the two apps. They need their images in the registry, which this deployment makes: leave it off the first time.')
param deployApps bool

@description('Repository and tag, or digest, of the scorer\'s image (src/Functions/Dockerfile, or Dockerfile.cpu without a GPU).')
param scorerImage string = 'aaclip-gpu:latest'

@description('Repository and tag, or digest, of the router\'s image (src/Functions/Dockerfile.cpu).')
param routerImage string = 'aaclip-cpu:latest'

@description('GPU workload profile: Consumption-GPU-NC8as-T4 or Consumption-GPU-NC24-A100 (paid by the second, scale to zero), NC24-A100 (dedicated); empty scores on CPU.')
@allowed([
  ''
  'Consumption-GPU-NC8as-T4'
  'Consumption-GPU-NC24-A100'
  'NC24-A100'
])
param gpuProfile string = 'Consumption-GPU-NC8as-T4'

@description('Fewest nodes of a dedicated GPU profile; plays no part for the others.')
param gpuMinNodes int = 0

@description('Most nodes of a dedicated GPU profile; plays no part for the others.')
param gpuMaxNodes int = 1

@description('Fewest and most replicas of the scorer. 0 scales to zero: nothing to pay while idle, and a wait of a minute or more for the first image.')
param scorerReplicas object = {
  min: 0
  max: 3
}

@description('Fewest and most replicas of the router.')
param routerReplicas object = {
  min: 0
  max: 3
}

@description('Scale by the lengths in functions.bicep instead of the rules that Azure makes from the triggers. Azure refuses it when it creates the apps: switch it on afterwards.')
param ownScaleRules bool = false

@description('Images waiting that one scorer replica is meant to have before it, with ownScaleRules. Low starts many replicas, high lets images wait.')
param imagesPerReplica int = 200

@description('Reach storage and Service Bus over a virtual network alone. Cameras then need a way into that network. Service Bus becomes Premium.')
param privateNetworking bool = false

@description('Addresses of the virtual network.')
param networkPrefix string = '10.60.0.0/22'

@description('Addresses of the apps, inside of networkPrefix.')
param appsPrefix string = '10.60.0.0/23'

@description('Addresses of the private endpoints, inside of networkPrefix.')
param endpointsPrefix string = '10.60.2.0/27'

@description('Redundancy of storage.')
param storageSku string = 'Standard_ZRS'

@description('Days until images are deleted; 0 keeps them.')
param imagesDays int = 0

@description('Days until results, what jobs found, and events that could not be delivered are deleted; 0 keeps them.')
param resultsDays int = 365

@description('Days until heatmaps are deleted; 0 keeps them.')
param heatmapsDays int = 90

@description('Days until raw maps are deleted; 0 keeps them. Without the map, another threshold needs scoring again.')
param mapsDays int = 90

@description('Days in which a deleted blob can be brought back.')
param undeleteDays int = 7

@description('Make a Service Bus topic that gets the alerts besides the queue.')
param useTopic bool = true

@description('CloudEvents source of the alerts: tells installations apart.')
param alertSource string = '/${prefix}/aaclip'

@description('Serve the HTTP API to the internet, behind function keys. Otherwise it is reached inside the environment alone; with privateNetworking, true means the virtual network.')
param publicApi bool = false

@description('Tier of the container registry.')
param registrySku string = 'Standard'

@description('Image of the OpenTelemetry collector.')
param collectorImage string = 'otel/opentelemetry-collector-contrib:0.124.1'

@description('Replicas of the collector when nothing is sent, 0 or 1.')
param collectorMinReplicas int = 1

@description('Days that logs are kept.')
param retentionDays int = 30

@description('Most gigabytes of logs a day; -1 for no limit.')
param dailyGigabytes int = 5

@description('E-mail address for operators\' alerts; empty for none.')
param alertEmail string = ''

@description('Seconds that a message may wait before operators hear of it. With scale to zero, allow for the start of a replica.')
param queueAgeSeconds int = 300

@description('Messages in all queues before operators hear of it.')
param queueMessages int = 10000

@description('Failed images in an hour before operators hear of it.')
param failedImages int = 50

@description('Settings of both apps that differ from the defaults, such as { Limits__MaxPixels: \'50000000\' }.')
param settings object = {}

var unique = '${prefix}${suffix}'

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: {
    location: location
    name: unique
    sku: storageSku
    privateNetworking: privateNetworking
    imagesDays: imagesDays
    resultsDays: resultsDays
    heatmapsDays: heatmapsDays
    mapsDays: mapsDays
    undeleteDays: undeleteDays
  }
}

module events 'modules/events.bicep' = {
  name: 'events'
  params: {
    location: location
    name: '${prefix}-events'
    storageName: storage.outputs.name
    deadLetterContainer: storage.outputs.deadLetterContainer
  }
}

module serviceBus 'modules/servicebus.bicep' = if (useTopic) {
  name: 'servicebus'
  params: {
    location: location
    name: '${prefix}-bus-${suffix}'
    privateNetworking: privateNetworking
  }
}

module registry 'modules/registry.bicep' = {
  name: 'registry'
  params: {
    location: location
    name: unique
    sku: registrySku
  }
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  params: {
    location: location
    name: '${prefix}-functions'
    storageName: storage.outputs.name
    registryName: registry.outputs.name
    serviceBusName: useTopic ? serviceBus.outputs.name : ''
    topicName: useTopic ? serviceBus.outputs.topic : ''
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    location: location
    prefix: prefix
    retentionDays: retentionDays
    dailyGigabytes: dailyGigabytes
  }
}

module network 'modules/network.bicep' = if (privateNetworking) {
  name: 'network'
  params: {
    location: location
    name: '${prefix}-network'
    addressPrefix: networkPrefix
    appsPrefix: appsPrefix
    endpointsPrefix: endpointsPrefix
  }
}

module blobLink 'modules/endpoint.bicep' = if (privateNetworking) {
  name: 'endpoint-blob'
  params: {
    location: location
    name: '${prefix}-blob'
    target: storage.outputs.id
    group: 'blob'
    zoneName: 'privatelink.blob.${environment().suffixes.storage}'
    network: network.outputs.id
    subnet: network.outputs.endpointsSubnet
  }
}

module queueLink 'modules/endpoint.bicep' = if (privateNetworking) {
  name: 'endpoint-queue'
  params: {
    location: location
    name: '${prefix}-queue'
    target: storage.outputs.id
    group: 'queue'
    zoneName: 'privatelink.queue.${environment().suffixes.storage}'
    network: network.outputs.id
    subnet: network.outputs.endpointsSubnet
  }
}

module busLink 'modules/endpoint.bicep' = if (privateNetworking && useTopic) {
  name: 'endpoint-bus'
  params: {
    location: location
    name: '${prefix}-bus'
    target: serviceBus.outputs.id
    group: 'namespace'
    zoneName: 'privatelink.servicebus.windows.net'
    network: network.outputs.id
    subnet: network.outputs.endpointsSubnet
  }
}

module apps 'modules/environment.bicep' = {
  name: 'environment'
  params: {
    location: location
    prefix: prefix
    gpuProfile: gpuProfile
    gpuMinNodes: gpuMinNodes
    gpuMaxNodes: gpuMaxNodes
    subnet: privateNetworking ? network.outputs.appsSubnet : ''
    workspaceName: monitoring.outputs.workspaceName
    insightsName: monitoring.outputs.insightsName
    collectorImage: collectorImage
    collectorMinReplicas: collectorMinReplicas
  }
}

module functions 'modules/functions.bicep' = if (deployApps) {
  name: 'functions'
  dependsOn: [
    blobLink
    queueLink
    busLink
  ]
  params: {
    location: location
    prefix: prefix
    environmentId: apps.outputs.id
    registryServer: registry.outputs.loginServer
    scorerImage: scorerImage
    routerImage: routerImage
    identityId: identity.outputs.id
    clientId: identity.outputs.clientId
    storageName: storage.outputs.name
    blobEndpoint: storage.outputs.blobEndpoint
    queueEndpoint: storage.outputs.queueEndpoint
    serviceBusHost: useTopic ? serviceBus.outputs.hostName : ''
    topic: useTopic ? serviceBus.outputs.topic : ''
    insightsName: monitoring.outputs.insightsName
    otlpEndpoint: apps.outputs.otlpEndpoint
    gpuProfile: gpuProfile
    scorerReplicas: scorerReplicas
    routerReplicas: routerReplicas
    ownScaleRules: ownScaleRules
    imagesPerReplica: imagesPerReplica
    publicApi: publicApi
    alertSource: alertSource
    overrides: settings
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  params: {
    location: location
    prefix: prefix
    email: alertEmail
    insightsId: monitoring.outputs.insightsId
    storageId: storage.outputs.id
    eventTopicId: events.outputs.id
    serviceBusId: useTopic ? serviceBus.outputs.id : ''
    scorerId: deployApps ? functions.outputs.scorerId : ''
    queueAgeSeconds: queueAgeSeconds
    queueMessages: queueMessages
    failedImages: failedImages
  }
}

@description('Name of the storage account: aaclip verbs take its address with --account.')
output storageName string = storage.outputs.name

@description('Address of the blobs, where cameras store images.')
output blobEndpoint string = storage.outputs.blobEndpoint

@description('Host name of the registry, for docker push.')
output registry string = registry.outputs.loginServer

@description('Host name of the HTTP API; empty while there are no apps.')
output hostName string = deployApps ? functions.outputs.hostName : ''
