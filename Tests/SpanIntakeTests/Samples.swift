import XRayModel

@testable import SpanIntake

enum Sample {
  static let traceID = "5fe5e0c1a006649127e371903a2de979"
  static let start: UInt64 = 1_609_000_000_123_456_700
  static let end: UInt64 = 1_609_000_000_223_456_700

  /// A request with one span: `members` are put into the span, over the usual ones.
  static func json(
    resource: [String: JSONValue] = ["service.name": "shop"], kind: Int = 2, attributes: [String: JSONValue] = [:],
    _ members: [String: JSONValue] = [:]
  ) -> [UInt8] {
    var span: JSONObject = [
      "traceId": .string(traceID), "spanId": "00f067aa0ba902b7", "name": "GET /carts",
      "kind": .number(JSONNumber(kind)), "startTimeUnixNano": .string(String(start)),
      "endTimeUnixNano": .string(String(end)), "attributes": keyValues(attributes),
    ]
    for (key, value) in members { span[key] = value }
    let request: JSONValue = [
      "resourceSpans": [
        [
          "resource": ["attributes": keyValues(resource)],
          "scopeSpans": [["scope": ["name": "lib", "version": "1.2"], "spans": [.object(span)]]],
        ]
      ]
    ]
    return Array(request.rendered().utf8)
  }

  static func keyValues(_ attributes: [String: JSONValue]) -> JSONValue {
    .array(
      attributes.sorted { $0.key < $1.key }.map { ["key": .string($0.key), "value": anyValue($0.value)] })
  }

  private static func anyValue(_ value: JSONValue) -> JSONValue {
    switch value {
    case .null: [:]
    case .bool: ["boolValue": value]
    case .string: ["stringValue": value]
    case .number(let number):
      number.text.contains(".") ? ["doubleValue": value] : ["intValue": .string(number.text)]
    case .array(let elements): ["arrayValue": ["values": .array(elements.map(anyValue))]]
    case .object(let object):
      [
        "kvlistValue": [
          "values": keyValues(Dictionary(object.members.map { ($0.key, $0.value) }) { $1 })
        ]
      ]
    }
  }

  /// The one document that a request makes.
  static func entity(_ json: [UInt8], options: IntakeOptions = IntakeOptions()) throws -> Entity {
    let conversion = SpanConversion(try OTLPRequest(json: json), options: options)
    guard conversion.documents.count == 1 else { throw NotOneDocument(count: conversion.documents.count) }
    return try Entity(document: Array(conversion.documents[0]).span)
  }

  struct NotOneDocument: Error { var count: Int }

  /// A span with attributes, as the document it makes.
  static func entity(
    resource: [String: JSONValue] = ["service.name": "shop"], kind: Int = 2, attributes: [String: JSONValue] = [:],
    _ members: [String: JSONValue] = [:]
  ) throws -> Entity {
    try entity(json(resource: resource, kind: kind, attributes: attributes, members))
  }

  /// A call below another span.
  static func call(_ attributes: [String: JSONValue], _ members: [String: JSONValue] = [:]) throws -> Entity {
    try entity(kind: 3, attributes: attributes, members.merging(["parentSpanId": "1111111111111111"]) { $1 })
  }
}

extension DocumentBatch {
  var entities: [Entity] {
    get throws { try (0..<count).map { try Entity(document: Array(self[$0]).span) } }
  }
}
