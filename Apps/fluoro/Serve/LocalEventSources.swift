import EventSources
import XRayModel
import XRayService

/// The queues, topics and streams behind `serve`: what they are is kept in a folder, what is in them is not.
struct LocalEventSources {
  let queues: QueueRegistry
  let topics: TopicRegistry
  let streams: StreamRegistry

  /// Opens `queues.json`, `topics.json` and `streams.json` in `data`.
  init(data: String, identity: ServiceIdentity, random: RandomSource, clock: any WallClock) throws {
    let (account, region) = (identity.account, identity.region)
    let queuesFile = JSONFile(path: data + "/queues.json")
    queues = QueueRegistry(
      account: account, region: region, random: random,
      definitions: try queuesFile.read { try QueueDefinitions(json: $0) } ?? QueueDefinitions(),
      save: { definitions in try queuesFile.keep { definitions.write(to: &$0) } })
    let topicsFile = JSONFile(path: data + "/topics.json")
    topics = TopicRegistry(
      records: try topicsFile.read { try TopicRecords(json: $0) } ?? TopicRecords(account: account, region: region),
      save: { records in try topicsFile.keep { records.write(to: &$0) } })
    let streamsFile = JSONFile(path: data + "/streams.json")
    streams = StreamRegistry(
      account: account, region: region,
      definitions: try streamsFile.read { try StreamDefinitions(json: $0) } ?? StreamDefinitions(), at: clock.now,
      save: { definitions in try streamsFile.keep { definitions.write(to: &$0) } })
  }
}
