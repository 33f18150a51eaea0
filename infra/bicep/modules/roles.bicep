// Built-in roles; their ids are the same in every subscription.

@export()
@description('What an app may do with one container or queue.')
type grant = {
  @description('Container or queue.')
  name: string

  @description('Role, by its name below.')
  role: 'blobReader' | 'blobContributor' | 'queueReader' | 'queueSender' | 'queueContributor'

  @description('Blobs that it may change: names, or beginnings of names with "*" at the end. Left out for all of the container.')
  blobs: string[]?
}

@export()
var roles = {
  blobReader: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1' // Storage Blob Data Reader
  blobContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe' // Storage Blob Data Contributor
  blobOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b' // Storage Blob Data Owner
  queueReader: '19e7f393-937e-4f77-808e-94535e297925' // Storage Queue Data Reader
  queueSender: 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a' // Storage Queue Data Message Sender
  queueContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88' // Storage Queue Data Contributor
  tableContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3' // Storage Table Data Contributor
  topicSender: '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39' // Azure Service Bus Data Sender
  acrPull: '7f951dda-4ed3-4680-a7ca-43fe172d538d' // AcrPull
  metricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb' // Monitoring Metrics Publisher: sends all kinds of telemetry
}

// What changes a blob. Azure evaluates a condition for every use of the role: reading passes it.
var changes = [
  'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write'
  'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action'
  'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/move/action'
  'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete'
]
var path = '@Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs:path]'

@export()
@description('Condition of a role assignment with which only some blobs may be changed.')
func changesOnly(blobs string[]) string =>
  '((${join(map(changes, change => '!(ActionMatches{\'${change}\'})'), ' AND ')}) OR (${join(map(blobs, blob => '${path} StringLike \'${blob}\''), ' OR ')}))'
