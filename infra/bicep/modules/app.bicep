// One Container App that hosts functions.

@description('Region.')
param location string

@description('Name of the app: at most 32 characters.')
@maxLength(32)
param name string

@description('Resource id of the Container Apps environment.')
param environmentId string

@description('Workload profile of the environment that the app runs on.')
param workloadProfile string

@description('Image with its tag or, better, its digest.')
param image string

@description('Host name of the registry.')
param registryServer string

@description('Resource id of the identity that the app runs as and pulls its image with.')
param identityId string

@description('Processor cores of a replica, such as 0.5 or 8.')
param cpu string

@description('Memory of a replica, such as 4Gi.')
param memory string

@description('Replicas when there is nothing to do; 0 scales to zero.')
@minValue(0)
param minReplicas int

@description('Most replicas.')
@minValue(1)
param maxReplicas int

@description('Queues whose length decides how many replicas run: { queue, length }, where length is the messages that one replica is meant to have before it.')
param scaleQueues array

@description('Use scaleQueues. Otherwise Azure makes the rules from the triggers, with the batchSize of host.json as length. Azure refuses this when it creates an app: leave it off in the first deployment.')
param ownScaleRules bool

@description('Name of the storage account of the queues.')
param storageName string

@description('Let HTTP in from outside the environment. Ingress itself stays on, for Azure scales only apps that have it.')
param external bool

@description('Settings, name and value.')
param settings object

@description('Functions of the image that another app runs.')
param disabled array

@description('Not ready before /api/health is well, that is, before the model is loaded. Otherwise ready when the host listens.')
param needsModel bool

@description('Name of Application Insights, where the Functions host logs to.')
param insightsName string

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource app 'Microsoft.App/containerApps@2026-03-02-preview' = { // the first version with allowScalingRuleOverride
  name: name
  location: location
  kind: 'functionapp'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    environmentId: environmentId
    workloadProfileName: workloadProfile
    configuration: {
      activeRevisionsMode: 'Single' // two revisions would share the queues and the host's locks
      ingress: {
        external: external
        targetPort: 8080
        transport: 'auto'
        allowInsecure: false
      }
      registries: [
        {
          server: registryServer
          identity: identityId
        }
      ]
      secrets: [
        {
          name: 'insights'
          value: insights.properties.ConnectionString
        }
      ]
    }
    template: {
      terminationGracePeriodSeconds: 120
      containers: [
        {
          name: 'functions'
          image: image
          resources: {
            cpu: json(cpu)
            memory: memory
          }
          env: concat(
            map(filter(items(settings), setting => !empty(setting.value)), setting => { name: setting.key, value: setting.value }),
            map(disabled, function => { name: 'AzureWebJobs.${function}.Disabled', value: 'true' }),
            [
              {
                name: 'APPLICATIONINSIGHTS_CONNECTION_STRING'
                secretRef: 'insights'
              }
            ]
          )
          probes: [
            {
              // The host answers; whether the model and storage do is readiness, and no reason to start anew.
              type: 'Liveness'
              tcpSocket: {
                port: 8080
              }
              initialDelaySeconds: 60
              periodSeconds: 30
              failureThreshold: 5
            }
            union({
              type: 'Readiness'
              periodSeconds: 10
              timeoutSeconds: 5
              failureThreshold: 6
            }, needsModel ? {
              httpGet: {
                path: '/api/health'
                port: 8080
              }
            } : {
              tcpSocket: {
                port: 8080
              }
            })
          ]
        }
      ]
      scale: {
        minReplicas: minReplicas
        maxReplicas: maxReplicas
        allowScalingRuleOverride: ownScaleRules
        rules: ownScaleRules ? concat(map(scaleQueues, item => {
          name: item.queue
          custom: {
            type: 'azure-queue'
            identity: identityId
            metadata: {
              accountName: storageName
              queueName: item.queue
              queueLength: string(item.length)
            }
          }
        }), external ? [
          {
            name: 'http'
            http: {
              metadata: {
                concurrentRequests: '50'
              }
            }
          }
        ] : []) : []
      }
    }
  }
}

@description('Resource id of the app.')
output id string = app.id

@description('Host name of the app.')
output hostName string = app.properties.configuration.ingress.fqdn
