// The identity of one app, with all its roles.

import { changesOnly, grant, roles } from 'roles.bicep'

@description('Region.')
param location string

@description('Name of the identity.')
param name string

@description('Name of the account with the images, queues and results.')
param storageName string

@description('Name of the account that the Functions host keeps its locks and keys in; empty for an app without functions.')
param hostStorageName string

@description('Its roles on containers: { name, role }.')
param containers grant[]

@description('Its roles on queues: { name, role }.')
param queues grant[]

@description('Name of the container registry, where it pulls the image.')
param registryName string

@description('Name of Application Insights, where it sends telemetry; empty for none.')
param insightsName string

@description('Name of the Service Bus namespace that it sends to; empty for none.')
param serviceBusName string

@description('Name of the topic in it.')
param topicName string

var onHostStorage = [
  'blobOwner' // the Functions host needs it for locks and keys
  'tableContributor' // for diagnostic events of the host
]

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
}

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: storageName

  resource blobs 'blobServices' existing = {
    name: 'default'
  }

  resource queueService 'queueServices' existing = {
    name: 'default'
  }
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-08-01' existing = [
  for grant in containers: {
    parent: account::blobs
    name: grant.name
  }
]

resource queue 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-08-01' existing = [
  for grant in queues: {
    parent: account::queueService
    name: grant.name
  }
]

resource hostAccount 'Microsoft.Storage/storageAccounts@2025-08-01' existing = if (!empty(hostStorageName)) {
  name: hostStorageName
}

resource registry 'Microsoft.ContainerRegistry/registries@2025-11-01' existing = {
  name: registryName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = if (!empty(insightsName)) {
  name: insightsName
}

resource topic 'Microsoft.ServiceBus/namespaces/topics@2026-01-01' existing = if (!empty(serviceBusName)) {
  name: '${serviceBusName}/${topicName}'
}

resource onContainers 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (grant, i) in containers: {
    name: guid(container[i].id, identity.id, grant.role)
    scope: container[i]
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[grant.role])
      principalId: identity.properties.principalId
      principalType: 'ServicePrincipal'
      condition: empty(grant.?blobs) ? null : changesOnly(grant.?blobs ?? [])
      conditionVersion: empty(grant.?blobs) ? null : '2.0'
    }
  }
]

resource onQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (grant, i) in queues: {
    name: guid(queue[i].id, identity.id, grant.role)
    scope: queue[i]
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[grant.role])
      principalId: identity.properties.principalId
      principalType: 'ServicePrincipal'
    }
  }
]

// The index of results has one table for each month, which the apps create themselves.
resource onTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, identity.id, roles.tableContributor)
  scope: account
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.tableContributor)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource onHost 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in onHostStorage: if (!empty(hostStorageName)) {
    name: guid(hostAccount.id, identity.id, role)
    scope: hostAccount
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[role])
      principalId: identity.properties.principalId
      principalType: 'ServicePrincipal'
    }
  }
]

resource onRegistry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(registry.id, identity.id, roles.acrPull)
  scope: registry
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.acrPull)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource onInsights 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(insightsName)) {
  name: guid(insights.id, identity.id, roles.metricsPublisher)
  scope: insights
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.metricsPublisher)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource onTopic 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(serviceBusName)) {
  name: guid(topic.id, identity.id, roles.topicSender)
  scope: topic
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.topicSender)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

@description('Resource id of the identity.')
output id string = identity.id

@description('Client id of the identity, for settings.')
output clientId string = identity.properties.clientId

@description('Object id of the identity, for those that trust it.')
output principalId string = identity.properties.principalId
