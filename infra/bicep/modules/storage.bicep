// The storage account of the data: images of the cameras, messages and outputs of the functions. The Functions host has its own account.

@description('Region.')
param location string

@description('Name of the account: 3 to 24 lower-case letters and digits, unique in all of Azure.')
param name string

@description('Redundancy, such as Standard_LRS or Standard_ZRS.')
param sku string

@description('Refuse the public network; needs private endpoints. Azure services with an identity, such as Event Grid, keep access.')
param privateNetworking bool

@description('Hierarchical namespace (Azure Data Lake Storage). Choose it before the account is created.')
param hierarchicalNamespace bool

@description('Accept images over SFTP too; needs hierarchicalNamespace, and costs by the hour. Users are local users of the account.')
param sftp bool

@description('Days until images are deleted; 0 keeps them.')
@minValue(0)
param imagesDays int

@description('Days until results and jobs are deleted; 0 keeps them.')
@minValue(0)
param resultsDays int

@description('Days until heatmaps are deleted; 0 keeps them.')
@minValue(0)
param heatmapsDays int

@description('Days until raw maps are deleted; 0 keeps them.')
@minValue(0)
param mapsDays int

@description('Days in which a deleted blob can be brought back.')
@minValue(1)
@maxValue(365)
param undeleteDays int

@description('Container of storage events that could not be put into the queue.')
param deadLetterContainer string

// Both lists are those of ContainerNames.All and QueueNames.All; a test compares them.
var containers = [
  'images'
  'results'
  'heatmaps'
  'maps'
  'features'
  'timelines'
  'models'
  'config'
  'jobs'
  'state'
]

@export()
@description('Names of the queues.')
var queues = [
  'uploads'
  'score'
  'score-bulk'
  'scored'
  'events'
  'alerts'
  'rescore'
  'uploads-poison'
  'score-poison'
  'score-bulk-poison'
  'scored-poison'
  'events-poison'
  'rescore-poison'
]

var lives = filter(
  [
    { container: 'images', days: imagesDays }
    { container: 'results', days: resultsDays }
    { container: 'heatmaps', days: heatmapsDays }
    { container: 'maps', days: mapsDays }
    { container: 'features', days: mapsDays }
    { container: 'timelines', days: resultsDays }
    { container: 'jobs', days: resultsDays }
  ],
  life => life.days > 0
)

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' = {
  name: name
  location: location
  kind: 'StorageV2'
  sku: {
    name: sku
  }
  properties: {
    accessTier: 'Hot'
    isHnsEnabled: hierarchicalNamespace
    isSftpEnabled: sftp
    isLocalUserEnabled: sftp
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: privateNetworking ? 'Deny' : 'Allow'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-08-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: undeleteDays
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: undeleteDays
    }
  }
}

resource containerItems 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-08-01' = [
  for container in containers: {
    parent: blobs
    name: container
  }
]

// Only Event Grid uses this container. Events are kept until an operator has read them: each one is an image that was not scored.
resource undelivered 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-08-01' = {
  parent: blobs
  name: deadLetterContainer
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-08-01' = {
  parent: account
  name: 'default'
}

resource queueItems 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-08-01' = [
  for queue in queues: {
    parent: queueService
    name: queue
  }
]

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-08-01' = if (!empty(lives)) {
  parent: account
  name: 'default'
  dependsOn: [
    blobs
  ]
  properties: {
    policy: {
      rules: [
        for life in lives: {
          name: 'delete-${life.container}'
          type: 'Lifecycle'
          enabled: true
          definition: {
            filters: {
              blobTypes: [
                'blockBlob'
              ]
              prefixMatch: [
                '${life.container}/'
              ]
            }
            actions: {
              baseBlob: {
                delete: {
                  daysAfterModificationGreaterThan: life.days
                }
              }
            }
          }
        }
      ]
    }
  }
}

@description('Resource id of the account.')
output id string = account.id

@description('Address of the blobs, without a slash at the end.')
output blobEndpoint string = 'https://${account.name}.blob.${environment().suffixes.storage}'

@description('Address of the queues, without a slash at the end.')
output queueEndpoint string = 'https://${account.name}.queue.${environment().suffixes.storage}'

@description('Address of the tables, without a slash at the end.')
output tableEndpoint string = 'https://${account.name}.table.${environment().suffixes.storage}'
