// The identity that the apps run as, and all it may do.

@description('Region.')
param location string

@description('Name of the identity.')
param name string

@description('Name of the storage account.')
param storageName string

@description('Name of the container registry.')
param registryName string

@description('Name of the Service Bus namespace; empty for none.')
param serviceBusName string

@description('Name of the topic in it.')
param topicName string

var acrPull = '7f951dda-4ed3-4680-a7ca-43fe172d538d' // AcrPull
var blobOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b' // Storage Blob Data Owner: the Functions host asks for it, for its locks and keys
var queueContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88' // Storage Queue Data Contributor
var topicSender = '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39' // Azure Service Bus Data Sender

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: name
  location: location
}

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: storageName
}

resource registry 'Microsoft.ContainerRegistry/registries@2023-07-01' existing = {
  name: registryName
}

resource topic 'Microsoft.ServiceBus/namespaces/topics@2022-10-01-preview' existing = if (!empty(serviceBusName)) {
  name: '${serviceBusName}/${topicName}'
}

resource onStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in [blobOwner, queueContributor]: {
  name: guid(account.id, identity.id, role)
  scope: account
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}]

resource onRegistry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(registry.id, identity.id, acrPull)
  scope: registry
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', acrPull)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource onTopic 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(serviceBusName)) {
  name: guid(topic.id, identity.id, topicSender)
  scope: topic
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', topicSender)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

@description('Resource id of the identity.')
output id string = identity.id

@description('Client id of the identity, for settings.')
output clientId string = identity.properties.clientId
