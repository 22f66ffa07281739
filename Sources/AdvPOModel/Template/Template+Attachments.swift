extension Template {
    /// True when some sample has a file beside its text.
    package var hasAttachments: Bool { samples.contains { !$0.attachments.isEmpty } }
}

extension Attachment.Kind {
    /// Reads `type` of an input file: `IMAGE`, `PDF`, or `DOCUMENT` as results write it, in any case.
    package init?(inputType: String) {
        switch inputType.uppercased() {
        case "IMAGE": self = .image
        case "PDF", "DOCUMENT": self = .document
        default: return nil
        }
    }

    /// As an input file writes it; results write the raw value.
    package var inputType: String {
        switch self {
        case .image: "IMAGE"
        case .document: "PDF"
        }
    }
}
