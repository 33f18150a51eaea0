// The functions, as two apps of one code base: the scorer, on a GPU if there is one, and the router for everything else. Each image holds
// all functions; the settings of an app disable those that it must not run.

import { replicas, size } from 'types.bicep'

@description('Region.')
param location string

@description('Prefix of the names.')
param prefix string

@description('Resource id of the Container Apps environment.')
param environmentId string

@description('Host name of the registry.')
param registryServer string

@description('Image of the scorer, with its registry.')
param scorerImage string

@description('Image of the router, with its registry. It holds the same model package: the router finds results by the model\'s name.')
param routerImage string

@description('Resource id of the scorer\'s identity.')
param scorerIdentityId string

@description('Client id of the scorer\'s identity.')
param scorerClientId string

@description('Resource id of the router\'s identity.')
param routerIdentityId string

@description('Client id of the router\'s identity.')
param routerClientId string

@description('Name of the account with the images, queues and results.')
param storageName string

@description('Address of its blobs.')
param blobEndpoint string

@description('Address of its queues.')
param queueEndpoint string

@description('Address of its tables.')
param tableEndpoint string

@description('Address of the blobs of the Functions host.')
param hostBlobEndpoint string

@description('Address of the tables of the Functions host.')
param hostTableEndpoint string

@description('Host name of the Service Bus namespace.')
param serviceBusHost string

@description('Topic in it; empty for none.')
param topic string

@description('Name of Application Insights.')
param insightsName string

@description('Type of the GPU workload profile; empty scores on CPU.')
param gpuProfile string

@description('Cores and memory of a replica of the scorer; null for the size that this file has for the profile.')
param scorerSize size?

@description('Fewest and most replicas of the scorer.')
param scorerReplicas replicas

@description('Fewest and most replicas of the router.')
param routerReplicas replicas

@description('Use own scale rules instead of those that Azure makes from the triggers.')
param ownScaleRules bool

@description('Target number of waiting images for one scorer replica.')
param imagesPerReplica int

@description('Serve the HTTP API outside the environment.')
param publicApi bool

@description('CloudEvents source of the alerts.')
param alertSource string

@description('Address of the review page, for links in reports; empty for none.')
param reviewAddress string

@description('Settings that differ from those below, for both apps.')
param overrides { *: string }

@description('Settings of the router whose values are in a key vault, with the addresses of the values.')
param vaultSettings { *: string }

// Health and Alive run on both.

var onScorer = [
  'ScoreImage'
  'ScoreBulk'
]

var onRouter = [
  'RouteUpload'
  'RaiseAlert'
  'RecordUploadFailure'
  'RecordScoreFailure'
  'RecordBulkFailure'
  'RecordScoredFailure'
  'RecordEventFailure'
  'RecordRescoreFailure'
  'RescorePages'
  'SweepAlerts'
  'TendJobs'
  'DropOldResults'
  'CountResults'
  'WatchCameras'
  'WatchEvents'
  'CloseTimelines'
  'ListAlerts'
  'OpenApi'
  'ChangeAlert'
  'StartRescore'
  'ListRescores'
  'ReadRescore'
  'ChangeRescore'
  'ReadResult'
  'ListResults'
  'PushImage'
]

// A replica has a node of its own, and uses one GPU of it.
var sizes = {
  Consumption: { cpu: '4', memory: '8Gi' }
  'Consumption-GPU-NC8as-T4': { cpu: '8', memory: '56Gi' }
  'Consumption-GPU-NC24-A100': { cpu: '24', memory: '220Gi' }
  'NC24-A100': { cpu: '24', memory: '220Gi' }
  'NC48-A100': { cpu: '48', memory: '440Gi' }
  'NC96-A100': { cpu: '96', memory: '880Gi' }
}
var profile = empty(gpuProfile) ? 'Consumption' : gpuProfile
var unknown = 'The size of workload profile ${profile} is not known here: set scorerSize too.'
var scorerResources = scorerSize ?? sizes[?profile] ?? fail(unknown)

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

// Settings of both apps. Settings that keep the default of local.settings.sample.json and are unlikely to change are left out.
var settings = {
  FUNCTIONS_WORKER_RUNTIME: 'dotnet-isolated'
  AzureWebJobsStorage__blobServiceUri: hostBlobEndpoint
  AzureWebJobsStorage__tableServiceUri: hostTableEndpoint
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsSecretStorageType: 'blob' // function keys, which the host creates itself
  DataStorage__blobServiceUri: blobEndpoint
  DataStorage__queueServiceUri: queueEndpoint
  DataStorage__tableServiceUri: tableEndpoint
  DataStorage__credential: 'managedidentity'
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  Model__Path: '/models/live'
  Model__RefreshSeconds: '5'
  Model__DeadAfterSeconds: '120'
  Model__Threads: '0'
  Batching__MaxSize: '8'
  Batching__MaxWaitMilliseconds: '5'
  Limits__MaxBytes: '67108864'
  Limits__MaxPixels: '100000000'
  Limits__MaxImagesInMemory: '16'
  Limits__HeatmapSide: '2048'
  Cameras__RefreshSeconds: '5'
  Push__WaitSeconds: '30'
  Results__KeepMonths: '0'
  Results__ReviewAddress: reviewAddress
}

module scorer 'app.bicep' = {
  params: {
    location: location
    name: '${prefix}-scorer'
    tags: {
      'azd-service-name': 'scorer'
    }
    environmentId: environmentId
    workloadProfile: empty(gpuProfile) ? 'Consumption' : 'gpu'
    image: scorerImage
    registryServer: registryServer
    identityId: scorerIdentityId
    resources: scorerResources
    scale: scorerReplicas
    ownScaleRules: ownScaleRules
    scaleQueues: [
      { queue: 'score', length: imagesPerReplica }
      { queue: 'score-bulk', length: 10 * imagesPerReplica }
    ]
    storageName: storageName
    external: false
    settings: settings
    ownSettings: union(
      {
        AzureWebJobsStorage__clientId: scorerClientId
        DataStorage__clientId: scorerClientId
        APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${scorerClientId};Authorization=AAD'
        AzureFunctionsWebHost__hostid: '${prefix}-scorer'
        OTEL_SERVICE_NAME: 'aaclip-scorer'
        Model__Load: 'True'
        Model__Provider: empty(gpuProfile) ? 'Cpu' : 'Cuda'
      },
      toObject(onRouter, function => 'AzureWebJobs.${function}.Disabled', function => 'true')
    )
    overrides: overrides
    vaultSettings: {}
  }
}

module router 'app.bicep' = {
  params: {
    location: location
    name: '${prefix}-router'
    tags: {
      'azd-service-name': 'router'
    }
    environmentId: environmentId
    workloadProfile: 'Consumption'
    image: routerImage
    registryServer: registryServer
    identityId: routerIdentityId
    resources: {
      cpu: '1'
      memory: '2Gi'
    }
    scale: routerReplicas
    ownScaleRules: ownScaleRules
    scaleQueues: [
      { queue: 'uploads', length: 500 }
      { queue: 'scored', length: 500 }
      { queue: 'events', length: 50 } // of frames, each a run of the temporal model's head
      { queue: 'uploads-poison', length: 500 }
      { queue: 'score-poison', length: 500 }
      { queue: 'score-bulk-poison', length: 500 }
      { queue: 'scored-poison', length: 500 }
      { queue: 'events-poison', length: 500 }
      { queue: 'rescore', length: 10 }
      { queue: 'rescore-poison', length: 500 }
    ]
    storageName: storageName
    external: publicApi
    settings: settings
    ownSettings: union(
      {
        AzureWebJobsStorage__clientId: routerClientId
        DataStorage__clientId: routerClientId
        APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${routerClientId};Authorization=AAD'
        AzureFunctionsWebHost__hostid: '${prefix}-router'
        OTEL_SERVICE_NAME: 'aaclip-router'
        Model__Load: 'False' // it only reads the model's name from the package
        Model__Provider: 'Cpu'
        Alert__LinkBase: blobEndpoint
        Alert__Source: alertSource
        Alert__MqttTopic: 'aaclip/alerts/{camera}'
      },
      empty(topic)
        ? {}
        : {
            Alert__Topic: topic
            Alert__Transport: 'AmqpTcp'
            ServiceBus__fullyQualifiedNamespace: serviceBusHost
            ServiceBus__credential: 'managedidentity'
            ServiceBus__clientId: routerClientId
          },
      toObject(onScorer, function => 'AzureWebJobs.${function}.Disabled', function => 'true')
    )
    overrides: overrides
    vaultSettings: vaultSettings
  }
}

@description('Resource id of the scorer.')
output scorerId string = scorer.outputs.id

@description('Host name of the HTTP API.')
output hostName string = router.outputs.hostName
