// The private endpoints of one kind of service, with the DNS zone that they share: a network has one link to a zone.

@description('Region.')
param location string

@description('Private DNS zone, such as privatelink.blob.core.windows.net.')
param zoneName string

@description('Which service: blob, queue, table, dfs or namespace.')
param group string

@description('Targets of the endpoints: { name of the endpoint, id of the resource }.')
param targets target[]

@description('Resource id of the virtual network.')
param network string

@description('Resource id of the subnet.')
param subnet string

type target = {
  @description('Name of the endpoint.')
  name: string

  @description('Resource id of its target.')
  id: string
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: zoneName
  location: 'global'
}

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = {
  parent: zone
  name: 'apps'
  location: 'global'
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: network
    }
  }
}

resource endpoints 'Microsoft.Network/privateEndpoints@2025-05-01' = [
  for target in targets: {
    name: target.name
    location: location
    properties: {
      subnet: {
        id: subnet
      }
      privateLinkServiceConnections: [
        {
          name: target.name
          properties: {
            privateLinkServiceId: target.id
            groupIds: [
              group
            ]
          }
        }
      ]
    }
  }
]

resource addresses 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01' = [
  for (target, i) in targets: {
    parent: endpoints[i]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        {
          name: group
          properties: {
            privateDnsZoneId: zone.id
          }
        }
      ]
    }
  }
]
