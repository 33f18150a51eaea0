// An identity for each app, with the least roles that it needs. A test compares the queues with the triggers.

import { queues } from 'storage.bicep'

@description('Region.')
param location string

@description('Prefix of the names.')
param prefix string

@description('Name of the account with the images, queues and results.')
param storageName string

@description('Name of the account that the Functions host keeps its locks and keys in.')
param hostStorageName string

@description('Name of the container registry.')
param registryName string

@description('Name of Application Insights.')
param insightsName string

@description('Name of the Service Bus namespace; empty for none.')
param serviceBusName string

@description('Name of the topic in it.')
param topicName string

@description('Whether there is a review page.')
param review bool

// Contributor on a queue from which it takes messages: only this role may renew their lease. Sender on a queue to which it only sends.

module scorer 'identity.bicep' = {
  params: {
    location: location
    name: '${prefix}-scorer'
    storageName: storageName
    hostStorageName: hostStorageName
    containers: [
      { name: 'images', role: 'blobReader' }
      { name: 'config', role: 'blobReader' }
      { name: 'models', role: 'blobReader' }
      { name: 'results', role: 'blobContributor' }
      { name: 'heatmaps', role: 'blobContributor' }
      { name: 'maps', role: 'blobContributor' }
      { name: 'features', role: 'blobContributor' }
      { name: 'jobs', role: 'blobContributor' } // a job whose model cannot be loaded is marked as failed
    ]
    queues: [
      { name: 'score', role: 'queueContributor' }
      { name: 'score-bulk', role: 'queueContributor' }
      { name: 'scored', role: 'queueSender' }
      { name: 'events', role: 'queueSender' }
      { name: 'score-poison', role: 'queueSender' }
      { name: 'score-bulk-poison', role: 'queueSender' }
    ]
    registryName: registryName
    insightsName: insightsName
    serviceBusName: '' // only the router sends alerts
    topicName: ''
  }
}

module router 'identity.bicep' = {
  params: {
    location: location
    name: '${prefix}-router'
    storageName: storageName
    hostStorageName: hostStorageName
    containers: [
      { name: 'images', role: 'blobContributor' } // it stores images that are sent over HTTP
      { name: 'config', role: 'blobReader' }
      { name: 'models', role: 'blobReader' }
      { name: 'heatmaps', role: 'blobReader' } // for the reports of jobs
      { name: 'results', role: 'blobContributor' } // failed results, and results judged again
      { name: 'maps', role: 'blobContributor' } // of results judged again
      { name: 'features', role: 'blobReader' }
      { name: 'timelines', role: 'blobContributor' }
      { name: 'jobs', role: 'blobContributor' }
      { name: 'state', role: 'blobContributor' }
    ]
    queues: [
      { name: 'uploads', role: 'queueContributor' }
      { name: 'scored', role: 'queueContributor' }
      { name: 'events', role: 'queueContributor' }
      { name: 'rescore', role: 'queueContributor' }
      { name: 'alerts', role: 'queueContributor' } // it updates messages that it has sent hidden
      { name: 'uploads-poison', role: 'queueContributor' }
      { name: 'score-poison', role: 'queueContributor' }
      { name: 'score-bulk-poison', role: 'queueContributor' }
      { name: 'scored-poison', role: 'queueContributor' }
      { name: 'events-poison', role: 'queueContributor' }
      { name: 'rescore-poison', role: 'queueContributor' }
      { name: 'score', role: 'queueSender' }
      { name: 'score-bulk', role: 'queueSender' }
      { name: 'score-bulk', role: 'queueReader' } // jobs read its length
      { name: 'score', role: 'queueReader' } // WatchCameras reads its length
    ]
    registryName: registryName
    insightsName: insightsName
    serviceBusName: serviceBusName
    topicName: topicName
  }
}

// The page reads what it shows. It writes what people decide: on images into the tables, on alerts and camera profiles into blobs.
module page 'identity.bicep' = if (review) {
  params: {
    location: location
    name: '${prefix}-review'
    storageName: storageName
    hostStorageName: ''
    containers: [
      { name: 'images', role: 'blobReader' }
      { name: 'results', role: 'blobReader' }
      { name: 'heatmaps', role: 'blobReader' }
      { name: 'maps', role: 'blobReader' }
      { name: 'config', role: 'blobContributor', blobs: ['cameras.json', 'cameras/*'] } // models.json says which model runs
      { name: 'state', role: 'blobContributor', blobs: ['alerts/*'] }
    ]
    queues: map(queues, queue => { name: queue, role: 'queueReader' }) // it shows their lengths and ages
    registryName: registryName
    insightsName: ''
    serviceBusName: ''
    topicName: ''
  }
}

@description('Resource id of the scorer\'s identity.')
output scorerId string = scorer.outputs.id

@description('Client id of the scorer\'s identity.')
output scorerClientId string = scorer.outputs.clientId

@description('Resource id of the router\'s identity.')
output routerId string = router.outputs.id

@description('Client id of the router\'s identity.')
output routerClientId string = router.outputs.clientId

@description('Resource id of the identity of the review page; empty without one.')
output reviewId string = review ? page!.outputs.id : ''

@description('Client id of that identity.')
output reviewClientId string = review ? page!.outputs.clientId : ''

@description('Object id of that identity.')
output reviewPrincipalId string = review ? page!.outputs.principalId : ''
