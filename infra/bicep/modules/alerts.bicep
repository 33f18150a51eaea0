// Alert rules for operators, and the e-mail address that they notify.

@description('Region.')
param location string

@description('Prefix of the names.')
param prefix string

@description('E-mail address for notifications; empty for rules that only show in the portal.')
param email string

@description('Resource id of the Log Analytics workspace, which holds the telemetry of the apps.')
param workspaceId string

@description('Resource id of the account with the queues.')
param storageId string

@description('Resource id of the Event Grid system topic.')
param eventTopicId string

@description('Resource id of the Service Bus namespace; empty for none.')
param serviceBusId string

@description('Resource id of the scorer; empty while there are no apps.')
param scorerId string

@description('Seconds that a message may wait in uploads, score or scored.')
param queueAgeSeconds int

@description('Messages in all queues of the account together, including alerts that no receiver took.')
param queueMessages int

@description('Images in an hour that may get a failed result.')
param failedImages int

@description('Minutes in which a stored image must be followed by some verdict. With scale to zero, allow for the start of a replica.')
@minValue(5)
@maxValue(45)
param standstillMinutes int

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${prefix}-people'
  location: 'global'
  properties: {
    groupShortName: 'aaclip'
    enabled: true
    emailReceivers: empty(email)
      ? []
      : [
          {
            name: 'email'
            emailAddress: email
            useCommonAlertSchema: true
          }
        ]
  }
}

// Rules on the product's own metrics (src/Pipeline/Telemetry/Metrics.cs). The last one also fires when nothing runs, and so no metrics
// are sent: Event Grid counts the images that were stored.

var logRules = [
  {
    name: 'queue-age'
    description: 'Images or scores wait too long in a queue. Check that the scorer starts; allow more replicas if it does.'
    severity: 2
    window: 'PT15M'
    column: 'Max'
    aggregation: 'Maximum'
    threshold: queueAgeSeconds
    query: '''
AppMetrics
| where Name == 'aaclip.queue.age'
| where tostring(Properties.queue) in ('uploads', 'score', 'scored')
'''
  }
  {
    name: 'given-up'
    description: 'A message failed too often (a poison message). The log of RecordFailure says which one and why.'
    severity: 1
    window: 'PT15M'
    column: 'Sum'
    aggregation: 'Total'
    threshold: 0
    query: '''
AppMetrics
| where Name == 'aaclip.failures'
| where tostring(Properties.code) == 'given-up'
'''
  }
  {
    name: 'failed-images'
    description: 'Many images cannot be scored: they are damaged, too large or not images, or their class is not known.'
    severity: 2
    window: 'PT1H'
    column: 'Sum'
    aggregation: 'Total'
    threshold: failedImages
    query: '''
AppMetrics
| where Name == 'aaclip.failures'
'''
  }
  {
    name: 'nothing-scored'
    description: 'Images were stored, but none of them has a verdict: no app runs, the scorer does not start, or telemetry is lost.'
    severity: 1
    window: 'PT1H'
    column: 'Images'
    aggregation: 'Maximum'
    threshold: 0
    query: format(
      '''
let handled = toscalar(AppMetrics
| where Name in ('aaclip.images.scored', 'aaclip.skipped')
| summarize coalesce(sum(Sum), 0.0));
AzureMetrics
| where ResourceProvider == 'MICROSOFT.EVENTGRID' and MetricName == 'DeliverySuccessCount'
| where TimeGenerated < ago({0}m)
| summarize Images = sum(Total), TimeGenerated = max(TimeGenerated)
| where handled == 0
''',
      standstillMinutes
    )
  }
]

resource onLogs 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for rule in logRules: {
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
        workspaceId
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
  }
]

// Rules on metrics of Azure, which exist also when no function runs.

var platformRules = concat(
  [
    {
      name: 'queue-messages'
      description: 'Too many messages wait in the queues. Storage counts them once an hour, so this alert is late.'
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
      description: 'Event Grid could not put storage events into the queue: see the container undelivered-events.'
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
  ],
  empty(serviceBusId)
    ? []
    : [
        {
          name: 'alerts-unread'
          description: 'Alerts went to the dead-letter queue of a subscription: it has no receiver, or the receiver fails.'
          scope: serviceBusId
          namespace: 'Microsoft.ServiceBus/namespaces'
          metric: 'DeadletteredMessages'
          aggregation: 'Maximum'
          threshold: 0
          frequency: 'PT15M'
          window: 'PT1H'
        }
      ],
  empty(scorerId)
    ? []
    : [
        {
          name: 'scorer-restarts'
          description: 'The scorer restarts repeatedly.'
          scope: scorerId
          namespace: 'Microsoft.App/containerapps'
          metric: 'RestartCount'
          aggregation: 'Maximum'
          threshold: 3
          frequency: 'PT5M'
          window: 'PT30M'
        }
      ]
)

resource onMetrics 'Microsoft.Insights/metricAlerts@2026-01-01' = [
  for rule in platformRules: {
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
  }
]
