// The virtual network, used only with privateNetworking: one subnet for the apps, one for private endpoints.

@description('Region.')
param location string

@description('Name of the virtual network.')
param name string

@description('Address range of the network; a /22 holds both subnets.')
param addressPrefix string

@description('Address range of the apps. Every GPU replica uses one address.')
param appsPrefix string

@description('Address range of the private endpoints.')
param endpointsPrefix string

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: name
  location: location
  properties: {
    addressSpace: {
      addressPrefixes: [
        addressPrefix
      ]
    }
    subnets: [
      {
        name: 'apps'
        properties: {
          addressPrefix: appsPrefix
          delegations: [
            {
              name: 'apps'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: endpointsPrefix
        }
      }
    ]
  }
}

@description('Resource id of the virtual network.')
output id string = network.id

@description('Resource id of the subnet of the apps.')
output appsSubnet string = '${network.id}/subnets/apps'

@description('Resource id of the subnet of the private endpoints.')
output endpointsSubnet string = '${network.id}/subnets/endpoints'
