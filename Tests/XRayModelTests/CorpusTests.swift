import Testing
import XRayModel

@Suite(Corpus.condition) struct CorpusTests {
  /// Recorded documents that are fragments or were edited by hand, and the rule that each breaks.
  private static let invalid: [String: SegmentRejection.Code] = [
    "segments/dotnet-marshaller.ndjson#4": .missingTraceId,
    "segments/dotnet-marshaller.ndjson#5": .missingTraceId,
    "segments/dotnet-marshaller.ndjson#6": .missingTraceId,
    "segments/subsegment-fragments.ndjson#1": .missingTraceId,
    "segments/subsegment-fragments.ndjson#2": .missingTraceId,
    "segments/subsegment-fragments.ndjson#3": .missingTraceId,
    // An id of 17 digits.
    "../lambda-segments/14-powertools-error-shapes-2021-edited.json#1": .invalidId,
    "../lambda-segments/14-powertools-error-shapes-2021-edited.json#2": .invalidId,
  ]

  @Test(arguments: [("segments", 115), ("../lambda-segments", 65)])
  func `recorded documents are accepted, and read back equal from what they are rendered as`(
    folder: String, count: Int
  ) throws {
    let documents = try Corpus.documents(in: folder)
    #expect(documents.count == count)
    for document in documents {
      do throws(SegmentRejection) {
        let index = try SegmentIndex(scanning: document.bytes.span)
        let entity = try Entity(document: document.bytes.span)
        let rendered = entity.document
        #expect(try Entity(document: rendered.span) == entity.asRendered, "\(document.name)")
        let again = try SegmentIndex(scanning: rendered.span)
        #expect(again.subsegmentCount == index.subsegmentCount && again.outcome == index.outcome, "\(document.name)")
        #expect(Self.invalid[document.name] == nil, "\(document.name)")
      } catch {
        #expect(error.code == Self.invalid[document.name], "\(document.name): \(error)")
      }
    }
  }
}

extension Entity {
  /// What comes back from the document of this entity: embedded subsegments lose what their place implies.
  fileprivate var asRendered: Entity {
    var entity = self
    entity.subsegments = subsegments.map {
      var subsegment = $0.asRendered
      (subsegment.traceID, subsegment.parentID) = (nil, nil)
      return subsegment
    }
    return entity
  }
}
