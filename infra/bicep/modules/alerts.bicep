// Alert rules for operators, and whom they write to.

@description('Region.')
param location string

@description('What the names begin with.')
param prefix string

@description('E-mail address that is written to; empty makes rules that only show in the portal.')
param email string

@description('Resource id of Application Insights.')
param insightsId string

@description('Resource id of the storage account.')
param storageId string

@description('Resource id of the Event Grid system topic.')
param eventTopicId string

@description('Resource id of the Service Bus namespace; empty for none.')
param serviceBusId string

@description('Resource id of the scorer; empty while there are no apps.')
param scorerId string

@description('Seconds that a message may wait in uploads, score or scored.')
param queueAgeSeconds int

@description('Messages in all queues of the account together, alerts that nobody took included.')
param queueMessages int

@description('Images in an hour that may get a failed result.')
param failedImages int

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${prefix}-people'
  location: 'global'
  properties: {
    groupShortName: 'aaclip'
    enabled: true
    emailReceivers: empty(email) ? [] : [
      {
        name: 'email'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

// On the product's own metrics (src/Pipeline/Telemetry/Metrics.cs).

var logRules = [
  {
    name: 'queue-age'
    description: 'Images or scores wait too long in a queue. More replicas, or a scorer that does not start?'
    severity: 2
    window: 'PT15M'
    column: 'seconds'
    aggregation: 'Maximum'
    threshold: queueAgeSeconds
    query: '''
customMetrics
| where name == 'aaclip.queue.age'
| where tostring(customDimensions.queue) in ('uploads', 'score', 'scored')
| extend seconds = max_of(coalesce(valueMax, 0.0), valueSum / max_of(valueCount, 1))
'''
  }
  {
    name: 'given-up'
    description: 'A queue gave up on a message (a poison message). The log of RecordFailure says which and why.'
    severity: 1
    window: 'PT15M'
    column: 'valueSum'
    aggregation: 'Total'
    threshold: 0
    query: '''
customMetrics
| where name == 'aaclip.failures'
| where tostring(customDimensions.code) == 'given-up'
'''
  }
  {
    name: 'failed-images'
    description: 'Many images cannot be scored: damaged, too large, no images at all, or a class that is not known.'
    severity: 2
    window: 'PT1H'
    column: 'valueSum'
    aggregation: 'Total'
    threshold: failedImages
    query: '''
customMetrics
| where name == 'aaclip.failures'
'''
  }
]

resource onLogs 'Microsoft.Insights/scheduledQueryRules@2022-06-15' = [for rule in logRules: {
  name: '${prefix}-${rule.name}'
  location: location
  kind: 'LogAlert'
  properties: {
    displayName: '${prefix} ${rule.name}'
    description: rule.description
    severity: rule.severity
    enabled: true
    evaluationFrequency: 'PT5M'
    windowSize: rule.window
    scopes: [
      insightsId
    ]
    criteria: {
      allOf: [
        {
          query: rule.query
          timeAggregation: rule.aggregation
          metricMeasureColumn: rule.column
          operator: 'GreaterThan'
          threshold: rule.threshold
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    autoMitigate: true
    actions: {
      actionGroups: [
        people.id
      ]
    }
  }
}]

// On what Azure measures: these speak also when no function runs, and so sends no metrics.

var platformRules = concat([
  {
    name: 'queue-messages'
    description: 'Messages pile up in the queues. Storage counts them once an hour, so that this comes late: it is for a pipeline that stands still.'
    scope: '${storageId}/queueServices/default'
    namespace: 'Microsoft.Storage/storageAccounts/queueServices'
    metric: 'QueueMessageCount'
    aggregation: 'Average'
    threshold: queueMessages
    frequency: 'PT1H'
    window: 'PT6H'
  }
  {
    name: 'events-undelivered'
    description: 'Event Grid could not put storage events into the queue: these images are not scored. They lie in the container undelivered-events.'
    scope: eventTopicId
    namespace: 'Microsoft.EventGrid/systemTopics'
    metric: 'DeadLetteredCount'
    aggregation: 'Total'
    threshold: 0
    frequency: 'PT5M'
    window: 'PT15M'
  }
  {
    name: 'events-dropped'
    description: 'Event Grid dropped storage events: these images are not scored. aaclip verify lists them.'
    scope: eventTopicId
    namespace: 'Microsoft.EventGrid/systemTopics'
    metric: 'DroppedEventCount'
    aggregation: 'Total'
    threshold: 0
    frequency: 'PT5M'
    window: 'PT15M'
  }
], empty(serviceBusId) ? [] : [
  {
    name: 'alerts-unread'
    description: 'Alerts went to the dead letters of a subscription: nobody reads it, or the reader fails.'
    scope: serviceBusId
    namespace: 'Microsoft.ServiceBus/namespaces'
    metric: 'DeadletteredMessages'
    aggregation: 'Maximum'
    threshold: 0
    frequency: 'PT15M'
    window: 'PT1H'
  }
], empty(scorerId) ? [] : [
  {
    name: 'scorer-restarts'
    description: 'The scorer starts again and again.'
    scope: scorerId
    namespace: 'Microsoft.App/containerapps'
    metric: 'RestartCount'
    aggregation: 'Maximum'
    threshold: 3
    frequency: 'PT5M'
    window: 'PT30M'
  }
])

resource onMetrics 'Microsoft.Insights/metricAlerts@2018-03-01' = [for rule in platformRules: {
  name: '${prefix}-${rule.name}'
  location: 'global'
  properties: {
    description: rule.description
    severity: 2
    enabled: true
    scopes: [
      rule.scope
    ]
    evaluationFrequency: rule.frequency
    windowSize: rule.window
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: rule.name
          criterionType: 'StaticThresholdCriterion'
          metricNamespace: rule.namespace
          metricName: rule.metric
          timeAggregation: rule.aggregation
          operator: 'GreaterThan'
          threshold: rule.threshold
        }
      ]
    }
    actions: [
      {
        actionGroupId: people.id
      }
    ]
  }
}]
