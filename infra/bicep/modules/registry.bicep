// The container registry, without an admin user: apps pull images, and people push them, with their own identity.

@description('Region.')
param location string

@description('Name of the registry: 5 to 50 letters and digits, unique in all of Azure.')
param name string

@description('Tier. Premium adds artifact streaming, which makes large images start sooner.')
@allowed([
  'Basic'
  'Standard'
  'Premium'
])
param sku string

resource registry 'Microsoft.ContainerRegistry/registries@2025-11-01' = {
  name: name
  location: location
  sku: {
    name: sku
  }
  properties: {
    adminUserEnabled: false
  }
}

@description('Host name of the registry.')
output loginServer string = registry.properties.loginServer
