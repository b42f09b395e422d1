import XRayModel

/// What a span becomes.
enum SpanShape {
  /// The work of a service.
  case segment
  /// A call to another service, a subsegment that is a document of its own.
  case call
  /// Work within a service, a subsegment that is a document of its own.
  case local
  /// A call that nothing else of its service encloses: a segment for the service with the call in it, for a call
  /// alone would be a service without a name.
  case rootCall

  init(_ span: ReceivedSpan, parentID: EntityID?, isLocalRoot: Bool) {
    let isRoot = parentID == nil || isLocalRoot || span.isParentRemote == true
    self =
      switch span.kind {
      case .server: .segment
      // Messages come from elsewhere, unless the sender says that it received them within other work.
      case .consumer: isRoot || span.isParentRemote == nil ? .segment : .local
      case .client, .producer: isRoot ? .rootCall : .call
      case .internal, .unspecified: isRoot ? .segment : .local
      }
  }

  var isSegment: Bool { self == .segment }
  /// Whether its document says what its resource says.
  var hasResource: Bool { self == .segment || self == .rootCall }
  var isCall: Bool { self == .call || self == .rootCall }

  /// The kind that a reader would guess from the shape, so that it need not be written down.
  var impliedKind: SpanKind {
    switch self {
    case .segment: .server
    case .call, .rootCall: .client
    case .local: .internal
    }
  }
}

extension EntityID {
  /// Another id that always follows from this one: what is made up comes out the same when a span is sent again.
  func derived(_ number: Int) -> EntityID {
    // The mixing steps of SplitMix64.
    var value = rawValue &+ 0x9E37_79B9_7F4A_7C15 &* UInt64(truncatingIfNeeded: number &+ 1)
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    value ^= value >> 31
    return EntityID(rawValue: value == 0 ? 1 : value)
  }
}
