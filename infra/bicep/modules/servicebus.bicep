// The topic that gets every alert, with subscriptions as examples. Properties that a filter may use: camera, kind, type; of anomalous
// images also objectClass, severity, score, model, verdict; of drift also model.

@description('Region.')
param location string

@description('Name of the namespace, unique in all of Azure.')
param name string

@description('Name of the topic.')
param topicName string

@description('Refuse the public network; uses the Premium tier, because the others have no private endpoints.')
param privateNetworking bool

@description('How long the topic remembers the ids of events, ISO 8601; a second delivery within it is dropped.')
param duplicateWindow string = 'PT1H'

@description('How long an alert waits for its receiver, ISO 8601.')
param timeToLive string = 'P14D'

resource bus 'Microsoft.ServiceBus/namespaces@2026-01-01' = {
  name: name
  location: location
  sku: {
    name: privateNetworking ? 'Premium' : 'Standard'
    tier: privateNetworking ? 'Premium' : 'Standard'
    capacity: privateNetworking ? 1 : null
  }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    publicNetworkAccess: privateNetworking ? 'Disabled' : 'Enabled'
  }
}

resource alerts 'Microsoft.ServiceBus/namespaces/topics@2026-01-01' = {
  parent: bus
  name: topicName
  properties: {
    requiresDuplicateDetection: true
    duplicateDetectionHistoryTimeWindow: duplicateWindow
    defaultMessageTimeToLive: timeToLive
  }
}

resource severe 'Microsoft.ServiceBus/namespaces/topics/subscriptions@2026-01-01' = {
  parent: alerts
  name: 'severe'
  properties: {
    maxDeliveryCount: 10
    deadLetteringOnMessageExpiration: true
    deadLetteringOnFilterEvaluationExceptions: true
  }
}

resource severeFilter 'Microsoft.ServiceBus/namespaces/topics/subscriptions/rules@2026-01-01' = {
  parent: severe
  name: '$Default' // this name replaces the default rule, which accepts every message
  properties: {
    filterType: 'SqlFilter'
    sqlFilter: {
      sqlExpression: 'severity IN (\'major\',\'critical\')'
    }
  }
}

resource opened 'Microsoft.ServiceBus/namespaces/topics/subscriptions@2026-01-01' = {
  parent: alerts
  name: 'opened'
  properties: {
    maxDeliveryCount: 10
    deadLetteringOnMessageExpiration: true
    deadLetteringOnFilterEvaluationExceptions: true
  }
}

resource openedFilter 'Microsoft.ServiceBus/namespaces/topics/subscriptions/rules@2026-01-01' = {
  parent: opened
  name: '$Default'
  properties: {
    filterType: 'SqlFilter'
    sqlFilter: {
      sqlExpression: 'type = \'aaclip.anomaly.opened\''
    }
  }
}

resource cameras 'Microsoft.ServiceBus/namespaces/topics/subscriptions@2026-01-01' = {
  parent: alerts
  name: 'cameras'
  properties: {
    maxDeliveryCount: 10
    deadLetteringOnMessageExpiration: true
    deadLetteringOnFilterEvaluationExceptions: true
  }
}

resource camerasFilter 'Microsoft.ServiceBus/namespaces/topics/subscriptions/rules@2026-01-01' = {
  parent: cameras
  name: '$Default'
  properties: {
    filterType: 'SqlFilter'
    sqlFilter: {
      sqlExpression: 'kind IN (\'silence\',\'drift\')'
    }
  }
}

@description('Resource id of the namespace.')
output id string = bus.id

@description('Host name of the namespace.')
output hostName string = replace(replace(bus.properties.serviceBusEndpoint, 'https://', ''), ':443/', '')
