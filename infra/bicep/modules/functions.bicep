// The functions in two apps of one code base: the scorer, on a GPU where there is one, and the router for everything else. Each image
// holds all functions; what an app must not run is switched off in its settings.

@description('Region.')
param location string

@description('What the names begin with.')
param prefix string

@description('Resource id of the Container Apps environment.')
param environmentId string

@description('Host name of the registry.')
param registryServer string

@description('Repository and tag, or digest, of the scorer\'s image.')
param scorerImage string

@description('Repository and tag, or digest, of the router\'s image. It holds the same model package: results are found by the model\'s name.')
param routerImage string

@description('Resource id of the identity.')
param identityId string

@description('Client id of the identity.')
param clientId string

@description('Name of the storage account.')
param storageName string

@description('Address of the blobs.')
param blobEndpoint string

@description('Address of the queues.')
param queueEndpoint string

@description('Host name of the Service Bus namespace; empty for none.')
param serviceBusHost string

@description('Topic in it; empty for none.')
param topic string

@description('Name of Application Insights.')
param insightsName string

@description('Where OpenTelemetry is sent.')
param otlpEndpoint string

@description('Type of the GPU workload profile; empty scores on CPU.')
param gpuProfile string

@description('Fewest and most replicas of the scorer.')
param scorerReplicas object

@description('Fewest and most replicas of the router.')
param routerReplicas object

@description('Use own scale rules instead of those that Azure makes from the triggers; not in the first deployment.')
param ownScaleRules bool

@description('Images waiting that one scorer replica is meant to have before it.')
param imagesPerReplica int

@description('Serve the HTTP API outside the environment.')
param publicApi bool

@description('CloudEvents source of the alerts.')
param alertSource string

@description('Settings that differ from those below, for both apps.')
param overrides object

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
  'RecordRescoreFailure'
  'RescorePages'
  'StartRescore'
  'ListRescores'
  'ReadRescore'
  'ChangeRescore'
  'ReadResult'
  'ListResults'
]

// Health runs on both.

var settings = {
  AzureWebJobsStorage__blobServiceUri: blobEndpoint
  AzureWebJobsStorage__queueServiceUri: queueEndpoint
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: clientId
  AzureWebJobsSecretStorageType: 'blob' // function keys; the host makes them by itself there
  FUNCTIONS_WORKER_RUNTIME: 'dotnet-isolated'
  OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf'
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta' // Application Insights adds up what it gets
  Model__Path: '/models/live'
  Model__Cache: '' // a folder for temporary files
  Model__RefreshSeconds: '5'
  Model__Threads: '0'
  Batching__MaxSize: '8'
  Batching__MaxWaitMilliseconds: '5'
  Limits__MaxBytes: '67108864'
  Limits__MaxPixels: '100000000'
  Limits__MaxImagesInMemory: '16'
  Cameras__RefreshSeconds: '5'
  Alert__Topic: topic
  Alert__Transport: 'AmqpTcp'
  Alert__LinkBase: blobEndpoint
  Alert__Source: alertSource
}

var serviceBus = empty(serviceBusHost) ? {} : {
  ServiceBus__fullyQualifiedNamespace: serviceBusHost
  ServiceBus__credential: 'managedidentity'
  ServiceBus__clientId: clientId
}

var scorerOnly = {
  Model__Provider: empty(gpuProfile) ? 'Cpu' : 'Cuda'
  OTEL_SERVICE_NAME: 'aaclip-scorer'
  AzureFunctionsWebHost__hostid: '${prefix}-scorer'
}

var routerOnly = {
  Model__Provider: 'Cpu'
  OTEL_SERVICE_NAME: 'aaclip-router'
  AzureFunctionsWebHost__hostid: '${prefix}-router'
}

// A GPU replica has the whole node.
var a100 = contains(gpuProfile, 'A100')
var scorerCpu = empty(gpuProfile) ? '4' : a100 ? '24' : '8'
var scorerMemory = empty(gpuProfile) ? '8Gi' : a100 ? '220Gi' : '56Gi'

module scorer 'app.bicep' = {
  name: 'scorer'
  params: {
    location: location
    name: '${prefix}-scorer'
    environmentId: environmentId
    workloadProfile: empty(gpuProfile) ? 'Consumption' : 'gpu'
    image: '${registryServer}/${scorerImage}'
    registryServer: registryServer
    identityId: identityId
    cpu: scorerCpu
    memory: scorerMemory
    minReplicas: scorerReplicas.min
    maxReplicas: scorerReplicas.max
    ownScaleRules: ownScaleRules
    scaleQueues: [
      { queue: 'score', length: imagesPerReplica }
      { queue: 'score-bulk', length: 10 * imagesPerReplica }
    ]
    storageName: storageName
    external: false
    settings: union(settings, serviceBus, scorerOnly, overrides)
    disabled: onRouter
    needsModel: true
    insightsName: insightsName
  }
}

module router 'app.bicep' = {
  name: 'router'
  params: {
    location: location
    name: '${prefix}-router'
    environmentId: environmentId
    workloadProfile: 'Consumption'
    image: '${registryServer}/${routerImage}'
    registryServer: registryServer
    identityId: identityId
    cpu: '2'
    memory: '4Gi'
    minReplicas: routerReplicas.min
    maxReplicas: routerReplicas.max
    ownScaleRules: ownScaleRules
    scaleQueues: [
      { queue: 'uploads', length: 500 }
      { queue: 'scored', length: 500 }
      { queue: 'uploads-poison', length: 500 }
      { queue: 'score-poison', length: 500 }
      { queue: 'score-bulk-poison', length: 500 }
      { queue: 'scored-poison', length: 500 }
      { queue: 'rescore', length: 10 }
      { queue: 'rescore-poison', length: 500 }
    ]
    storageName: storageName
    external: publicApi
    settings: union(settings, serviceBus, routerOnly, overrides)
    disabled: onScorer
    needsModel: false // it only asks the package for the model's name
    insightsName: insightsName
  }
}

@description('Resource id of the scorer.')
output scorerId string = scorer.outputs.id

@description('Host name of the HTTP API.')
output hostName string = router.outputs.hostName
