namespace Pipeline.Actors.Stages;

/// <summary>
/// Reads the records of a batch as they came. One that the decoder refuses, or on which it throws, becomes a dead letter (stage
/// <c>decode</c>) with the reason. Barriers and records that come decoded pass as they are. One thread.
/// </summary>
internal sealed class RecordDecoding(string topic, int partition, RecordDecoder? decoder)
{
    /// <summary>The same element, with every record decoded or refused.</summary>
    public PartitionElement Decode(PartitionElement element)
    {
        if (decoder is not { } decode || element is not RecordBatch { Records: var records })
            return element;
        for (var i = 0; i < records.Length; i++)
            if (records[i] is { Chunk: null, Refused: null } raw)
                records[i] = Decode(raw, decode);
        return element;
    }

    private ShardRecord Decode(in ShardRecord raw, RecordDecoder decode)
    {
        string? refused;
        try
        {
            if (decode(raw.Key.Span, raw.Payload, out refused) is { } chunk)
                return new ShardRecord(raw.Offset, chunk, Payload: raw.Payload);
        }
#pragma warning disable CA1031 // The boundary: whatever is wrong with one record must not stop the others.
        catch (Exception thrown) when (thrown is not OutOfMemoryException)      // that is the process's, not the record's: the record is read again
#pragma warning restore CA1031
        {
            refused = $"the decoder throws {thrown.GetType().Name}: {thrown.Message}";
        }
        return new ShardRecord(raw.Offset, null, new DeadLetter("decode", refused ?? "", new Origin(topic, partition, raw.Offset), raw.Key, raw.Payload));
    }
}
