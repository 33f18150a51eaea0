// The storage account of the Functions host: its locks, function keys and diagnostic events. It is separate from the data, because the
// host needs the owner role here, and does not run on an account with a hierarchical namespace.

@description('Region.')
param location string

@description('Name of the account: 3 to 24 lower-case letters and digits, unique in all of Azure.')
param name string

@description('Refuse the public network; needs private endpoints.')
param privateNetworking bool

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' = {
  name: name
  location: location
  kind: 'StorageV2'
  sku: {
    name: 'Standard_LRS'
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: privateNetworking ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: privateNetworking ? 'Deny' : 'Allow'
    }
  }
}

@description('Resource id of the account.')
output id string = account.id

@description('Address of the blobs, without a slash at the end.')
output blobEndpoint string = 'https://${account.name}.blob.${environment().suffixes.storage}'

@description('Address of the tables, without a slash at the end.')
output tableEndpoint string = 'https://${account.name}.table.${environment().suffixes.storage}'
