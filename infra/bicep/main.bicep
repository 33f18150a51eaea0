// AaClip.Functions in Azure, in one resource group. docs/deploy.md says how to use it.
//   az deployment group create --resource-group RG --parameters infra/bicep/dev.bicepparam
// First with deployApps=false; then push the images; then with ownScaleRules=false, which creates the apps; then without either.

import { replicas, size } from 'modules/types.bicep'

targetScope = 'resourceGroup'

@description('Prefix of the names of all resources: lower-case letters and digits.')
@minLength(3)
@maxLength(10)
param prefix string

@description('Region. Serverless GPUs are not in every region, and need quota.')
param location string = resourceGroup().location

@description('Makes names that are unique in all of Azure.')
param suffix string = substring(uniqueString(resourceGroup().id), 0, 8)

@description('Create the apps. They need their images in the registry that this deployment creates: set it to false the first time.')
param deployApps bool

@description('Image of the scorer: repository and tag, or digest. Without a registry, it is in the one that this deployment creates.')
param scorerImage string = 'aaclip-gpu:latest'

@description('Image of the router, in the same way.')
param routerImage string = 'aaclip-cpu:latest'

@description('Image of the review page, in the same way.')
param reviewImage string = 'aaclip-review:latest'

@description('Client id of the app registration that people sign in to for the review page. Empty: there is no page.')
param reviewClientId string = ''

@description('Id of the Entra tenant whose people sign in.')
param reviewTenantId string = tenant().tenantId

@description('Address of the registration\'s client secret in a key vault, such as https://NAME.vault.azure.net/secrets/review. Empty if the registration trusts the identity of the page instead. The identity needs the role Key Vault Secrets User there.')
param reviewVaultAddress string = ''

@description('Let people reach the review page. Set it to true after the deployment that creates the page: for some seconds of that one, the app exists and its sign-in does not.')
param openReview bool = false

// Paid by the second, scale to zero: Consumption-GPU-NC8as-T4, Consumption-GPU-NC24-A100. Dedicated: NC24-A100, NC48-A100, NC96-A100, which
// Azure adds only while it creates the environment.
@description('GPU workload profile; one that functions.bicep has no size for needs scorerSize; empty scores on CPU.')
param gpuProfile string = 'Consumption-GPU-NC8as-T4'

@description('Cores and memory of a scorer replica; null for the size that functions.bicep has for the profile.')
param scorerSize size?

@description('Fewest nodes of a dedicated GPU profile; not used for the others.')
param gpuMinNodes int = 0

@description('Most nodes of a dedicated GPU profile; not used for the others.')
param gpuMaxNodes int = 1

@description('Fewest and most replicas of the scorer. 0 costs nothing while idle, and the first image waits for a minute or more.')
param scorerReplicas replicas = {
  min: 0
  max: 3
}

@description('Fewest and most replicas of the router.')
param routerReplicas replicas = {
  min: 0
  max: 3
}

// Azure refuses own rules while it creates an app: false for that one deployment. Afterwards false takes the rules that Azure makes from
// the triggers, which are reported to fail with user-assigned identities.
@description('Scale by the lengths of queues in functions.bicep; false in the deployment that creates the apps.')
param ownScaleRules bool = true

@description('Target number of waiting images for one scorer replica. A low number starts more replicas, a high one makes images wait.')
param imagesPerReplica int = 200

@description('Reach storage and Service Bus only over a virtual network, from cameras too. Service Bus becomes Premium.')
param privateNetworking bool = false

@description('Address range of the virtual network.')
param networkPrefix string = '10.60.0.0/22'

@description('Address range of the apps, inside of networkPrefix.')
param appsPrefix string = '10.60.0.0/23'

@description('Address range of the private endpoints, inside of networkPrefix.')
param endpointsPrefix string = '10.60.2.0/27'

@description('Redundancy of storage.')
param storageSku string = 'Standard_ZRS'

@description('Hierarchical namespace (Azure Data Lake Storage) for the images. Choose it before the account is created.')
param hierarchicalNamespace bool = false

@description('Let cameras store images over SFTP; needs hierarchicalNamespace, and costs by the hour.')
param sftp bool = false

@description('Days until images are deleted; 0 keeps them.')
param imagesDays int = 0

@description('Days until results and jobs are deleted; 0 keeps them.')
param resultsDays int = 365

@description('Days until heatmaps are deleted; 0 keeps them.')
param heatmapsDays int = 90

@description('Days until raw maps are deleted; 0 keeps them. Without the map, a new threshold needs a new scoring of the image.')
param mapsDays int = 90

@description('Days in which a deleted blob can be brought back.')
param undeleteDays int = 7

@description('Create a Service Bus topic that gets the alerts, in addition to the queue.')
param useTopic bool = true

@description('CloudEvents source of the alerts: identifies the installation.')
param alertSource string = '/${prefix}/aaclip'

@description('Serve the HTTP API, behind function keys, to the internet, or with privateNetworking to the network.')
param publicApi bool = false

@description('Tier of the container registry.')
param registrySku string = 'Standard'

@description('Days that logs are kept.')
param retentionDays int = 30

@description('Most gigabytes of logs a day; -1 for no limit.')
param dailyGigabytes int = 5

@description('E-mail address for operators\' alerts; empty for none.')
param alertEmail string = ''

@description('Seconds that a message may wait before operators are notified. With scale to zero, allow for the start of a replica.')
param queueAgeSeconds int = 300

@description('Messages in all queues before operators are notified.')
param queueMessages int = 10000

@description('Failed images in an hour before operators are notified.')
param failedImages int = 50

@description('Minutes without any verdict after an image was stored before operators are notified, 5 to 45.')
@minValue(5)
@maxValue(45)
param standstillMinutes int = 30

@description('Settings of both apps that differ from the defaults, such as { Limits__MaxPixels: \'50000000\' }.')
param settings { *: string } = {}

@description('Settings of the router whose values are in a key vault, with the addresses of the values, such as { Alert__WebhookSecret: \'https://NAME.vault.azure.net/secrets/webhook\' }. The identity of the router needs the role Key Vault Secrets User there.')
param vaultSettings { *: string } = {}

// An image whose first part has a dot names its registry.
func withRegistry(image string, server string) string =>
  contains(image, '/') && contains(split(image, '/')[0], '.') ? image : '${server}/${image}'

var unique = '${prefix}${suffix}'
var hostStorageName = '${prefix}host${suffix}'
var busName = '${prefix}-bus-${suffix}'
var topicName = 'alerts'
var deadLetters = 'undelivered-events'
var eventsName = '${prefix}-events'
var workspaceName = '${prefix}-logs'
var insightsName = '${prefix}-insights'
var hasReview = !empty(reviewClientId)
var deployReview = deployApps && hasReview && !empty(reviewImage)
var reviewName = '${prefix}-review'

module storage 'modules/storage.bicep' = {
  params: {
    location: location
    name: unique
    sku: storageSku
    privateNetworking: privateNetworking
    hierarchicalNamespace: hierarchicalNamespace || sftp
    sftp: sftp
    imagesDays: imagesDays
    resultsDays: resultsDays
    heatmapsDays: heatmapsDays
    mapsDays: mapsDays
    undeleteDays: undeleteDays
    deadLetterContainer: deadLetters
  }
}

module hostStorage 'modules/hoststorage.bicep' = {
  params: {
    location: location
    name: hostStorageName
    privateNetworking: privateNetworking
  }
}

module monitoring 'modules/monitoring.bicep' = {
  params: {
    location: location
    workspaceName: workspaceName
    insightsName: insightsName
    retentionDays: retentionDays
    dailyGigabytes: dailyGigabytes
  }
}

module events 'modules/events.bicep' = {
  dependsOn: [
    storage
  ]
  params: {
    location: location
    name: eventsName
    storageName: unique
    deadLetterContainer: deadLetters
    workspaceId: monitoring.outputs.workspaceId
  }
}

module serviceBus 'modules/servicebus.bicep' = if (useTopic) {
  params: {
    location: location
    name: busName
    topicName: topicName
    privateNetworking: privateNetworking
  }
}

module registry 'modules/registry.bicep' = {
  params: {
    location: location
    name: unique
    sku: registrySku
  }
}

module access 'modules/access.bicep' = {
  dependsOn: [
    storage
    hostStorage
    monitoring
    registry
    serviceBus
  ]
  params: {
    location: location
    prefix: prefix
    storageName: unique
    hostStorageName: hostStorageName
    registryName: unique
    insightsName: insightsName
    serviceBusName: useTopic ? busName : ''
    topicName: topicName
    review: hasReview
  }
}

module network 'modules/network.bicep' = if (privateNetworking) {
  params: {
    location: location
    name: '${prefix}-network'
    addressPrefix: networkPrefix
    appsPrefix: appsPrefix
    endpointsPrefix: endpointsPrefix
  }
}

// Resources that the apps, and cameras in the network, reach over private endpoints.
var dataId = resourceId('Microsoft.Storage/storageAccounts', unique)
var hostId = resourceId('Microsoft.Storage/storageAccounts', hostStorageName)
var links = [
  {
    group: 'blob'
    zone: 'privatelink.blob.${environment().suffixes.storage}'
    targets: [{ name: '${prefix}-blob', id: dataId }, { name: '${prefix}-host-blob', id: hostId }]
  }
  {
    group: 'queue'
    zone: 'privatelink.queue.${environment().suffixes.storage}'
    targets: [{ name: '${prefix}-queue', id: dataId }]
  }
  {
    group: 'table'
    zone: 'privatelink.table.${environment().suffixes.storage}'
    targets: [{ name: '${prefix}-table', id: dataId }, { name: '${prefix}-host-table', id: hostId }]
  }
  {
    group: 'dfs'
    zone: 'privatelink.dfs.${environment().suffixes.storage}'
    targets: hierarchicalNamespace || sftp ? [{ name: '${prefix}-dfs', id: dataId }] : []
  }
  {
    group: 'namespace'
    zone: 'privatelink.servicebus.windows.net'
    targets: useTopic ? [{ name: '${prefix}-bus', id: resourceId('Microsoft.ServiceBus/namespaces', busName) }] : []
  }
]

module endpoints 'modules/endpoint.bicep' = [
  for link in links: if (privateNetworking && !empty(link.targets)) {
    dependsOn: [
      storage
      hostStorage
      serviceBus
    ]
    params: {
      location: location
      zoneName: link.zone
      group: link.group
      targets: link.targets
      network: network!.outputs.id
      subnet: network!.outputs.endpointsSubnet
    }
  }
]

module apps 'modules/environment.bicep' = {
  params: {
    location: location
    prefix: prefix
    gpuProfile: gpuProfile
    gpuMinNodes: gpuMinNodes
    gpuMaxNodes: gpuMaxNodes
    subnet: privateNetworking ? network!.outputs.appsSubnet : ''
    workspaceId: monitoring.outputs.workspaceId
  }
}

module functions 'modules/functions.bicep' = if (deployApps) {
  dependsOn: [
    endpoints
  ]
  params: {
    location: location
    prefix: prefix
    environmentId: apps.outputs.id
    registryServer: registry.outputs.loginServer
    scorerImage: withRegistry(scorerImage, registry.outputs.loginServer)
    routerImage: withRegistry(routerImage, registry.outputs.loginServer)
    reviewAddress: deployReview && openReview ? 'https://${reviewName}.${apps.outputs.domain}' : ''
    scorerIdentityId: access.outputs.scorerId
    scorerClientId: access.outputs.scorerClientId
    routerIdentityId: access.outputs.routerId
    routerClientId: access.outputs.routerClientId
    storageName: unique
    blobEndpoint: storage.outputs.blobEndpoint
    queueEndpoint: storage.outputs.queueEndpoint
    tableEndpoint: storage.outputs.tableEndpoint
    hostBlobEndpoint: hostStorage.outputs.blobEndpoint
    hostTableEndpoint: hostStorage.outputs.tableEndpoint
    serviceBusHost: useTopic ? serviceBus!.outputs.hostName : ''
    topic: useTopic ? topicName : ''
    insightsName: insightsName
    gpuProfile: gpuProfile
    scorerSize: scorerSize
    scorerReplicas: scorerReplicas
    routerReplicas: routerReplicas
    ownScaleRules: ownScaleRules
    imagesPerReplica: imagesPerReplica
    publicApi: publicApi
    alertSource: alertSource
    overrides: settings
    vaultSettings: vaultSettings
  }
}

module review 'modules/review.bicep' = if (deployReview) {
  dependsOn: [
    endpoints
  ]
  params: {
    location: location
    name: reviewName
    environmentId: apps.outputs.id
    image: withRegistry(reviewImage, registry.outputs.loginServer)
    registryServer: registry.outputs.loginServer
    identityId: access.outputs.reviewId
    identityClientId: access.outputs.reviewClientId
    clientId: reviewClientId
    tenantId: reviewTenantId
    vaultAddress: reviewVaultAddress
    open: openReview
    blobEndpoint: storage.outputs.blobEndpoint
    queueEndpoint: storage.outputs.queueEndpoint
    tableEndpoint: storage.outputs.tableEndpoint
  }
}

module alerts 'modules/alerts.bicep' = {
  params: {
    location: location
    prefix: prefix
    email: alertEmail
    workspaceId: monitoring.outputs.workspaceId
    storageId: storage.outputs.id
    eventTopicId: events.outputs.id
    serviceBusId: useTopic ? serviceBus!.outputs.id : ''
    scorerId: deployApps ? functions!.outputs.scorerId : ''
    queueAgeSeconds: queueAgeSeconds
    queueMessages: queueMessages
    failedImages: failedImages
    standstillMinutes: standstillMinutes
  }
}

@description('Name of the storage account, for the option --account of aaclip.')
output storageName string = unique

@description('Address of the blobs, where cameras store images.')
output blobEndpoint string = storage.outputs.blobEndpoint

@description('Host name of the registry, for docker push; azd looks for it under this name.')
output AZURE_CONTAINER_REGISTRY_ENDPOINT string = registry.outputs.loginServer

@description('Host name of the HTTP API; empty while there are no apps.')
output hostName string = deployApps ? functions!.outputs.hostName : ''

@description('Whether the apps exist: azd.bicepparam reads it in the next deployment.')
output AACLIP_APPS_EXIST bool = deployApps

@description('Address of the review page, for its app registration, also while people cannot reach it yet; empty without a page.')
output reviewAddress string = hasReview ? 'https://${reviewName}.${apps.outputs.domain}' : ''

@description('Object id of the identity that the app registration of the review page trusts; empty without a page.')
output reviewPrincipalId string = access.outputs.reviewPrincipalId

@description('Whether the review page and its sign-in exist: azd.bicepparam reads it in the next deployment.')
output AACLIP_REVIEW_EXISTS bool = deployReview
