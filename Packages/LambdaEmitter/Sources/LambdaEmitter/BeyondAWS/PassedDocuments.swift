import XRayModel

/// What the options beyond AWS keep of an invocation's documents, or change in them, as they pass the environment's
/// daemon. Without options no document is looked at.
struct PassedDocuments {
  /// Subsegments in progress of which the document is kept, and the bytes of all of them. Those beyond stay in
  /// progress when the time is up.
  static let openLimit = 256
  static let openBytesLimit = 1 << 20
  /// X-Ray: annotations of a trace that are indexed.
  static let annotationLimit = 50
  /// What the keys and values of repeated annotations take: they share 64 KB with a cause.
  static let annotationBytesLimit = 4096

  private let options: BeyondAWS
  private var invocation: EntityID?
  /// The last Initialization that had a header of its own, and when it was over.
  private var initialization: (id: EntityID, end: Timestamp)?
  private var open: [(id: EntityID, document: [UInt8])] = []
  private var openBytes = 0
  private var annotationBytes = 0
  /// Of the subsegments directly below the invocation, the first of each key.
  private(set) var annotations: [Annotation] = []

  init(for options: BeyondAWS) { self.options = options.intersection([.initialization, .annotations, .timeouts]) }

  /// From now on documents belong to the invocation `id`.
  mutating func begin(_ id: EntityID) {
    invocation = id
    (open, openBytes) = ([], 0)
    (annotations, annotationBytes) = ([], 0)
  }

  /// The function's code outside of its handler has run, with `id` as the parent of what it recorded.
  mutating func initialized(_ id: EntityID, at end: Timestamp) { initialization = (id, end) }

  /// Takes notice of a document that passes.
  mutating func note(_ document: inout [UInt8]) {
    // What is no document is for the next hop to refuse.
    guard !options.isEmpty, let index = try? SegmentIndex(scanning: document.span), index.kind == .subsegment else {
      return
    }
    var parent = index.parentID
    if let (id, end) = initialization, parent == id, index.start > end, let invocation {
      document.replaceEntityID(id, with: invocation)
      parent = invocation
    }
    if options.contains(.timeouts) { noteProgress(index, document) }
    if options.contains(.annotations), parent == invocation, !index.isInProgress { noteAnnotations(document) }
  }

  /// The documents of the subsegments in progress, as `end` ends them; they count as passed then.
  mutating func endOpen(_ end: (inout Entity) -> Void) -> [[UInt8]] {
    let left = open
    return left.compactMap { _, document in
      guard var entity = Entity(accepted: document.span) else { return nil }
      end(&entity)
      var ended = entity.document
      note(&ended)
      return ended
    }
  }

  private mutating func noteProgress(_ index: SegmentIndex, _ document: [UInt8]) {
    if let place = open.firstIndex(where: { $0.id == index.id }) {
      openBytes -= open[place].document.count
      open.remove(at: place)
    }
    guard index.isInProgress, open.count < Self.openLimit, openBytes + document.count <= Self.openBytesLimit else {
      return
    }
    open.append((index.id, document))
    openBytes += document.count
  }

  private mutating func noteAnnotations(_ document: [UInt8]) {
    for annotation in Entity(accepted: document.span)?.annotations ?? [] {
      guard !annotations.contains(where: { $0.key == annotation.key }) else { continue }
      let bytes = annotation.key.utf8.count + annotation.value.textBytes
      guard annotations.count < Self.annotationLimit, annotationBytes + bytes <= Self.annotationBytesLimit else {
        continue
      }
      annotations.append(annotation)
      annotationBytes += bytes
    }
  }
}

extension AnnotationValue {
  fileprivate var textBytes: Int {
    switch self {
    case .string(let text): text.utf8.count
    case .number(let number): number.text.utf8.count
    case .boolean: 5
    }
  }
}

extension [UInt8] {
  /// Writes `new` wherever `old` stands, which as 64 random bits is nothing else by chance.
  fileprivate mutating func replaceEntityID(_ old: EntityID, with new: EntityID) {
    let (old, new) = (Array(old.description.utf8), Array(new.description.utf8))
    var place = 0
    while place + old.count <= count {
      if self[place..<(place + old.count)].elementsEqual(old) {
        replaceSubrange(place..<(place + old.count), with: new)
        place += old.count
      } else {
        place += 1
      }
    }
  }
}
