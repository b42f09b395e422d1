import XRayModel

/// Turns an entity into documents that each fit into a datagram.
///
/// What is too long loses its largest subsegments first: they are sent apart, as independent subsegments.
/// What is too long by itself loses its metadata, then everything but its identity, times and outcome.
struct DocumentSplitter {
  /// X-Ray takes 64 KB a document, but with the header line it must fit into one datagram.
  static let byteLimit = min(
    SegmentIndex.documentBytesLimit, DatagramEmitter.datagramBytesLimit - DatagramEmitter.header.count)

  private(set) var documents: [[UInt8]] = []
  /// Subsegments sent apart for size.
  private(set) var detached = 0
  /// Entities that lost content.
  private(set) var truncated = 0

  /// Appends the documents of an entity, subsegments that are sent apart before it.
  mutating func add(_ entity: Entity) {
    let document = entity.document
    if document.count <= Self.byteLimit {
      documents.append(document)
      return
    }
    var rest = entity
    rest.subsegments = []
    var size = rest.document.count
    if size > Self.byteLimit { size = truncate(&rest) }
    // The smallest stay, as many as fit. A document of its own is longer than the embedded form.
    let sizes = entity.subsegments.map { $0.document.count + 1 }
    size += #","subsegments":[]"#.utf8.count
    var stays = Set<Int>()
    for index in sizes.indices.sorted(by: { (sizes[$0], $0) < (sizes[$1], $1) }) {
      size += sizes[index]
      guard size <= Self.byteLimit else { break }
      stays.insert(index)
    }
    for (index, child) in entity.subsegments.enumerated() {
      if stays.contains(index) {
        rest.subsegments.append(child)
      } else {
        detached += 1
        add(child)
      }
    }
    documents.append(rest.document)
  }

  /// Shortens an entity that has no subsegments; answers its new size.
  private mutating func truncate(_ entity: inout Entity) -> Int {
    truncated += 1
    let kept = entity
    var removed = 0
    for (namespace, key, _) in entity.metadataBySize {
      entity.removeMetadata(key, namespace: namespace)
      removed += 1
      entity.metadata["fluoro"] = ["removed_metadata": .number(JSONNumber(removed))]
      if entity.document.count <= Self.byteLimit { return entity.document.count }
    }
    entity = Entity(
      kept.kind, id: kept.id, name: kept.name, traceID: kept.traceID, parentID: kept.parentID, start: kept.start,
      end: kept.end)
    entity.namespace = kept.namespace
    entity.origin = kept.origin.flatMap { $0.utf8.count <= 250 ? $0 : nil }
    (entity.isError, entity.isFault, entity.isThrottle) = (kept.isError, kept.isFault, kept.isThrottle)
    entity.metadata["fluoro"] = ["removed_content": true]
    return entity.document.count
  }
}

extension Entity {
  /// The metadata's members, the largest first.
  fileprivate var metadataBySize: [(namespace: String, key: String, size: Int)] {
    metadata.members.flatMap { namespace in
      (namespace.value.object?.members ?? []).map {
        (namespace: namespace.key, key: $0.key, size: $0.value.rendered().utf8.count)
      }
    }.sorted { ($1.size, $0.namespace, $0.key) < ($0.size, $1.namespace, $1.key) }
  }

  fileprivate mutating func removeMetadata(_ key: String, namespace: String) {
    guard var object = metadata[namespace]?.object else { return }
    object[key] = nil
    metadata[namespace] = object.isEmpty ? nil : .object(object)
  }
}
