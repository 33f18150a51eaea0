// The Container Apps environment.

@description('Region.')
param location string

@description('Prefix of the names.')
param prefix string

@description('GPU workload profile, such as Consumption-GPU-NC8as-T4; empty for none.')
param gpuProfile string

@description('Fewest nodes of a dedicated GPU profile; not used for a Consumption profile.')
param gpuMinNodes int

@description('Most nodes of a dedicated GPU profile; not used for a Consumption profile.')
param gpuMaxNodes int

@description('Resource id of the subnet of the apps; empty for a public environment.')
param subnet string

@description('Resource id of the Log Analytics workspace.')
param workspaceId string

var gpuIsDedicated = !startsWith(gpuProfile, 'Consumption')
var gpu = empty(gpuProfile)
  ? []
  : [
      union(
        {
          name: 'gpu'
          workloadProfileType: gpuProfile
        },
        gpuIsDedicated
          ? {
              minimumCount: gpuMinNodes
              maximumCount: gpuMaxNodes
            }
          : {}
      )
    ]

resource apps 'Microsoft.App/managedEnvironments@2026-07-01' = {
  name: '${prefix}-apps'
  location: location
  properties: {
    appLogsConfiguration: {
      destination: 'azure-monitor' // the diagnostic setting below names the workspace, so no key of it is needed
    }
    workloadProfiles: concat(
      [
        {
          name: 'Consumption'
          workloadProfileType: 'Consumption'
        }
      ],
      gpu
    )
    vnetConfiguration: empty(subnet)
      ? null
      : {
          infrastructureSubnetId: subnet
          internal: true
        }
  }
}

#disable-next-line use-recent-api-versions // the stable version is from 2016 and has no categories
resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'logs'
  scope: apps
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'allLogs'
        enabled: true
      }
    ]
  }
}

@description('Resource id of the environment.')
output id string = apps.id

@description('Last part of the host names of its apps.')
output domain string = apps.properties.defaultDomain
