// Types of parameters that several files have.

@export()
@description('Fewest and most replicas.')
type replicas = {
  @description('Replicas when there is nothing to do; 0 scales to zero.')
  @minValue(0)
  min: int

  @description('Most replicas.')
  @minValue(1)
  max: int
}

@export()
@description('Processor cores and memory of a replica.')
type size = {
  @description('Cores, such as 0.5 or 8.')
  cpu: string

  @description('Memory, such as 4Gi.')
  memory: string
}

@export()
@description('A queue whose length decides how many replicas run.')
type queueScale = {
  @description('Name of the queue.')
  queue: string

  @description('Target number of waiting messages for one replica.')
  length: int
}
