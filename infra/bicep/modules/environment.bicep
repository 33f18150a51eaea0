// The Container Apps environment, and the collector that takes the functions' OpenTelemetry to Application Insights. The collector of
// the environment itself passes on no metrics to Application Insights, and the alert rules live on them.

@description('Region.')
param location string

@description('What the names begin with.')
param prefix string

@description('GPU workload profile, such as Consumption-GPU-NC8as-T4; empty for none.')
param gpuProfile string

@description('Nodes of a dedicated GPU profile, lowest number; plays no part for a Consumption profile.')
param gpuMinNodes int

@description('Nodes of a dedicated GPU profile, highest number; plays no part for a Consumption profile.')
param gpuMaxNodes int

@description('Resource id of the subnet of the apps; empty for a public environment.')
param subnet string

@description('Name of the Log Analytics workspace.')
param workspaceName string

@description('Name of Application Insights.')
param insightsName string

@description('Image of the OpenTelemetry collector with the exporter azuremonitor; pin a version.')
param collectorImage string

@description('Replicas of the collector when nothing is sent. With 0 the first metrics after a pause may be lost.')
@minValue(0)
@maxValue(1)
param collectorMinReplicas int

var gpuIsDedicated = !startsWith(gpuProfile, 'Consumption')
var gpu = empty(gpuProfile) ? [] : [
  union({
    name: 'gpu'
    workloadProfileType: gpuProfile
  }, gpuIsDedicated ? {
    minimumCount: gpuMinNodes
    maximumCount: gpuMaxNodes
  } : {})
]

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' existing = {
  name: workspaceName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource apps 'Microsoft.App/managedEnvironments@2024-03-01' = {
  name: '${prefix}-apps'
  location: location
  properties: {
    appLogsConfiguration: {
      destination: 'log-analytics'
      logAnalyticsConfiguration: {
        customerId: workspace.properties.customerId
        sharedKey: workspace.listKeys().primarySharedKey
      }
    }
    workloadProfiles: concat([
      {
        name: 'Consumption'
        workloadProfileType: 'Consumption'
      }
    ], gpu)
    vnetConfiguration: empty(subnet) ? null : {
      infrastructureSubnetId: subnet
      internal: true
    }
  }
}

resource collector 'Microsoft.App/containerApps@2024-03-01' = {
  name: '${prefix}-collector'
  location: location
  properties: {
    environmentId: apps.id
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      ingress: {
        external: false
        targetPort: 4318
        transport: 'http'
      }
      secrets: [
        {
          name: 'insights'
          value: insights.properties.ConnectionString
        }
      ]
    }
    template: {
      containers: [
        {
          name: 'collector'
          image: collectorImage
          args: [
            '--config=env:COLLECTOR_CONFIG'
          ]
          resources: {
            cpu: json('0.25')
            memory: '0.5Gi'
          }
          env: [
            {
              name: 'APPLICATIONINSIGHTS_CONNECTION_STRING'
              secretRef: 'insights'
            }
            {
              name: 'COLLECTOR_CONFIG'
              value: loadTextContent('collector.yaml')
            }
          ]
        }
      ]
      scale: {
        minReplicas: collectorMinReplicas
        maxReplicas: 1
      }
    }
  }
}

@description('Resource id of the environment.')
output id string = apps.id

@description('Where the functions send OpenTelemetry, over HTTP.')
output otlpEndpoint string = 'https://${collector.properties.configuration.ingress.fqdn}'
