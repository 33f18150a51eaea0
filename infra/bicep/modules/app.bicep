// One Container App that hosts functions.

import { queueScale, replicas, size } from 'types.bicep'

@description('Region.')
param location string

@description('Name of the app: at most 32 characters.')
@maxLength(32)
param name string

@description('Tags of the app.')
param tags { *: string }

@description('Resource id of the Container Apps environment.')
param environmentId string

@description('Workload profile of the environment that the app runs on.')
param workloadProfile string

@description('Image with its registry and its tag or, better, its digest.')
param image string

@description('Host name of the registry.')
param registryServer string

@description('Resource id of the identity that the app runs as and pulls its image with.')
param identityId string

@description('Processor cores and memory of a replica.')
param resources size

@description('Fewest and most replicas; 0 scales to zero.')
param scale replicas

@description('Queues whose length decides how many replicas run.')
param scaleQueues queueScale[]

@description('Scale by scaleQueues. Otherwise Azure makes the rules from the triggers. Azure refuses own rules while it creates an app.')
param ownScaleRules bool

@description('Name of the storage account of the queues.')
param storageName string

@description('Allow HTTP from outside the environment. Ingress itself stays on, because Azure scales only apps that have it.')
param external bool

@description('Settings of every app.')
param settings { *: string }

@description('Settings of this app; they override those of every app.')
param ownSettings { *: string }

@description('Settings of the operator; they override all others.')
param overrides { *: string }

@description('Settings whose values are in a key vault, with the addresses of the values. The app reads them with its identity.')
param vaultSettings { *: string }

// Names of secrets consist of lower-case letters, digits and "-".
func secretName(setting string) string => toLower(replace(setting, '__', '-'))

// 2026-07-01 is the first stable version with allowScalingRuleOverride.
resource app 'Microsoft.App/containerApps@2026-07-01' = {
  name: name
  location: location
  tags: tags
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
      secrets: map(items(vaultSettings), setting => {
        name: secretName(setting.key)
        keyVaultUrl: setting.value
        identity: identityId
      })
    }
    template: {
      terminationGracePeriodSeconds: 120
      containers: [
        {
          name: 'functions'
          image: image
          resources: {
            cpu: json(resources.cpu)
            memory: resources.memory
          }
          env: concat(
            map(items(union(settings, ownSettings, overrides)), setting => {
              name: setting.key
              value: setting.value
            }),
            map(items(vaultSettings), setting => {
              name: setting.key
              secretRef: secretName(setting.key)
            })
          )
          // /api/health/live fails when the host or its worker does not answer, when the model could not be loaded, or when it gives no
          // scores any more. /api/health also checks storage, which is no reason to restart the app.
          probes: [
            {
              type: 'Startup'
              httpGet: {
                path: '/api/health/live'
                port: 8080
              }
              periodSeconds: 30 // times 10: five minutes for the host to start; the model is loaded after that
              timeoutSeconds: 10
              failureThreshold: 10
            }
            {
              type: 'Liveness'
              httpGet: {
                path: '/api/health/live'
                port: 8080
              }
              periodSeconds: 30
              timeoutSeconds: 10
              failureThreshold: 4
            }
            {
              type: 'Readiness'
              httpGet: {
                path: '/api/health'
                port: 8080
              }
              periodSeconds: 10
              timeoutSeconds: 5
              failureThreshold: 6
            }
          ]
        }
      ]
      scale: {
        minReplicas: scale.min
        maxReplicas: scale.max
        allowScalingRuleOverride: ownScaleRules
        rules: ownScaleRules
          ? concat(
              map(scaleQueues, item => {
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
              }),
              external
                ? [
                    {
                      name: 'http'
                      http: {
                        metadata: {
                          concurrentRequests: '50'
                        }
                      }
                    }
                  ]
                : []
            )
          : []
      }
    }
  }
}

@description('Resource id of the app.')
output id string = app.id

@description('Host name of the app.')
output hostName string = app.properties.configuration.ingress.fqdn
