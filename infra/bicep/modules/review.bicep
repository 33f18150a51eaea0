// The review page: a small Container App that people use after they have signed in at Microsoft Entra ID. The platform signs them in
// ("Easy Auth") and tells the app who they are, in headers that it removes from what comes from outside.

@description('Region.')
param location string

@description('Name of the app: at most 32 characters.')
@maxLength(32)
param name string

@description('Resource id of the Container Apps environment.')
param environmentId string

@description('Image with its registry and its tag or, better, its digest.')
param image string

@description('Host name of the registry.')
param registryServer string

@description('Resource id of the identity that the app runs as and pulls its image with.')
param identityId string

@description('Client id of that identity.')
param identityClientId string

@description('Client id of the app registration that people sign in to. There is no page without one.')
@minLength(36)
@maxLength(36)
param clientId string

@description('Id of the Entra tenant whose people sign in.')
@minLength(36)
@maxLength(36)
param tenantId string

@description('Address of the registration\'s client secret in a key vault; empty if the registration trusts the identity instead.')
param vaultAddress string

@description('Let people reach the page. False while the app is created, because Azure adds the sign-in after that.')
param open bool

@description('Address of the blobs.')
param blobEndpoint string

@description('Address of the queues.')
param queueEndpoint string

@description('Address of the tables.')
param tableEndpoint string

// With this name, Azure takes the value as the client id of an identity that the registration trusts, and needs no secret.
var trust = 'override-use-mi-fic-assertion-client-id'
var secretName = empty(vaultAddress) ? trust : 'sign-in'

var settings = {
  DataStorage__blobServiceUri: blobEndpoint
  DataStorage__queueServiceUri: queueEndpoint
  DataStorage__tableServiceUri: tableEndpoint
  DataStorage__credential: 'managedidentity'
  DataStorage__clientId: identityClientId
  'Logging__LogLevel__Microsoft.AspNetCore': 'Warning' // an open page asks every two seconds, and each line costs
}

resource app 'Microsoft.App/containerApps@2026-07-01' = {
  name: name
  location: location
  tags: {
    'azd-service-name': 'review'
  }
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    environmentId: environmentId
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      ingress: {
        external: open
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
        empty(vaultAddress)
          ? {
              name: secretName
              #disable-next-line use-secure-value-for-secure-inputs // it is the name of an identity, which is no secret
              value: identityClientId
            }
          : {
              name: secretName
              keyVaultUrl: vaultAddress
              identity: identityId
            }
      ]
    }
    template: {
      containers: [
        {
          name: 'review'
          image: image
          resources: {
            cpu: json('0.5')
            memory: '1Gi'
          }
          env: map(items(settings), setting => {
            name: setting.key
            value: setting.value
          })
          // /healthz needs no sign-in. It does not ask storage: a restart would not help.
          probes: [
            {
              type: 'Startup'
              httpGet: {
                path: '/healthz'
                port: 8080
              }
              periodSeconds: 2 // times 10: twenty seconds to start
              failureThreshold: 10
            }
            {
              type: 'Liveness'
              httpGet: {
                path: '/healthz'
                port: 8080
              }
              periodSeconds: 30
              timeoutSeconds: 10
              failureThreshold: 4
            }
          ]
        }
      ]
      scale: {
        minReplicas: 0
        maxReplicas: 2
        rules: [
          {
            name: 'http'
            http: {
              metadata: {
                concurrentRequests: '50'
              }
            }
          }
        ]
      }
    }
  }
}

resource signIn 'Microsoft.App/containerApps/authConfigs@2026-07-01' = {
  parent: app
  name: 'current'
  properties: {
    platform: {
      enabled: true
    }
    globalValidation: {
      unauthenticatedClientAction: 'RedirectToLoginPage'
      redirectToProvider: 'azureactivedirectory'
    }
    httpSettings: {
      requireHttps: true
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: clientId
          clientSecretSettingName: secretName
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenantId}/v2.0'
        }
        validation: {
          defaultAuthorizationPolicy: {
            allowedApplications: [
              clientId // only tokens that this sign-in has asked for, none of other applications
            ]
          }
        }
      }
    }
  }
}
