using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Actors;
using Pipeline.Host.Errors;
using Pipeline.Host.Wire;

namespace Pipeline.Host.Kafka;

/// <summary>A dead letter as it lies in its topic.</summary>
/// <param name="Letter">The letter.</param>
/// <param name="At">When it was written.</param>
/// <param name="IsComplete">Whether it holds the whole payload.</param>
/// <param name="IsReplayed">Whether it was sent again already.</param>
public sealed record StoredLetter(DeadLetter Letter, DateTimeOffset At, bool IsComplete, bool IsReplayed);

/// <summary>What became of a letter that was to be sent again.</summary>
/// <param name="Letter">The letter.</param>
/// <param name="Refused">Why it cannot be sent; null when it was.</param>
public sealed record ReplayOutcome(DeadLetter Letter, string? Refused);

/// <summary>What to send again.</summary>
/// <param name="Stage">Only letters of this stage; null: of all.</param>
/// <param name="Record">Only the letter of this record, <c>PARTITION:OFFSET</c>; null: all.</param>
/// <param name="Mended">The value to send in place of the record's; null: the record's own.</param>
/// <param name="Again">Also those that were sent again before.</param>
/// <param name="DryRun">Only say what would be sent.</param>
internal sealed record ReplayRequest(string? Stage, string? Record, byte[]? Mended, bool Again, bool DryRun)
{
    /// <summary>Whether that letter is meant; a store's letter holds a line of output, one of the state nothing: no record.</summary>
    public bool Takes(StoredLetter letter) => letter.Letter.Stage is not ("store" or SnapshotLimit.Stage) && (Again || !letter.IsReplayed) &&
        (Record is null || Record == FormattableString.Invariant($"{letter.Letter.Origin.Partition}:{letter.Letter.Origin.Offset}"));
}

/// <summary>
/// Reads the dead letters, one of each however often it was delivered, and sends mended ones again. That one was sent again is noted as a
/// letter of stage <see cref="Replayed"/> with the same origin.
/// </summary>
internal sealed class DeadLetterBox(KafkaOptions options, TimeProvider time)
{
    /// <summary>The stage of the note that a letter was sent again.</summary>
    public const string Replayed = "replayed";

    /// <summary>The letters, or those of one stage, by time; records of the topic that are no letters are counted in <see cref="UnreadableCount"/>.</summary>
    /// <exception cref="KafkaException">The brokers do not answer, or there is no such topic.</exception>
    public async Task<IReadOnlyList<StoredLetter>> ListAsync(CancellationToken stop, string? stage = null)
    {
        var letters = new Dictionary<Identity, StoredLetter>();
        var replayed = new HashSet<Origin>();
        await TopicScan.ReadAsync(options, options.DeadLettersTopic, Take, time, stop);
        return [.. letters.Values.Where(letter => stage is null || letter.Letter.Stage == stage).Select(letter => letter with { IsReplayed = replayed.Contains(letter.Letter.Origin) })
            .OrderBy(letter => letter.At).ThenBy(letter => letter.Letter.Origin.Partition).ThenBy(letter => letter.Letter.Origin.Offset)];

        void Take(ConsumeResult<byte[], byte[]> record)
        {
            if (DeadLetterCodec.Decode(record.Message.Value, out var complete, out _) is not { } letter)
                UnreadableCount++;
            else if (letter.Stage == Replayed)
                replayed.Add(letter.Origin);
            else
                letters.TryAdd(Identity.Of(letter), new StoredLetter(letter, record.Message.Timestamp.UtcDateTime, complete, false));
        }
    }

    /// <summary>Records of the dead-letter topic that the last list could not read.</summary>
    public int UnreadableCount { get; private set; }

    /// <summary>
    /// Sends those letters of the topic that are asked for and whose payload the decoder takes now to the input topic.
    /// </summary>
    /// <exception cref="CommandException">There is no letter of the record.</exception>
    /// <exception cref="KafkaException">The brokers refuse.</exception>
    public async Task<IReadOnlyList<ReplayOutcome>> ReplayAsync(ReplayRequest request, CancellationToken stop)
    {
        StoredLetter[] letters = [.. (await ListAsync(stop, request.Stage)).Where(request.Takes)];
        return letters.Length == 0 && request.Record is { } missing
            ? throw CommandException.BadUsage($"--record {missing}: there is no such letter, or it was sent again before (--again); ./pipeline dead-letters list shows them.")
            : await ReplayAsync(letters, request.Mended, !request.DryRun, stop);
    }

    /// <summary>
    /// Sends the letters whose payload the decoder takes now (a newer program, or <paramref name="mended"/> in its place) to the input topic.
    /// A chunk that comes too late for its windows is dropped there and counted, as any late chunk is.
    /// </summary>
    /// <exception cref="KafkaException">The brokers refuse.</exception>
    public async Task<IReadOnlyList<ReplayOutcome>> ReplayAsync(IReadOnlyList<StoredLetter> letters, byte[]? mended, bool send, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(letters);
        var decoder = new SampleDecoder(options.MaxPayloadBytes, new PseudonymForm(options.PatientPattern));
        var outcomes = new List<ReplayOutcome>();
        var unpaced = options.Copy();
        unpaced.PaceByGroup = false;
        await using var publisher = new KafkaPublisher(unpaced, NullLogger<KafkaPublisher>.Instance, time);
        await using var notes = new DeadLetterNotes(unpaced, time);
        foreach (var stored in letters)
        {
            var letter = stored.Letter;
            var payload = mended ?? letter.Payload.ToArray();
            var key = mended is null ? letter.Key.ToArray() : KeyOf(decoder, payload) ?? letter.Key.ToArray();
            var refused = mended is null && !stored.IsComplete
                ? "the letter holds only the beginning of the payload"
                : decoder.Decode(key, payload, out var reason) is null ? reason : null;
            if (refused is null && send)
            {
                await publisher.PublishAsync(key, payload, stop);
                await publisher.FlushAsync(stop);
                await notes.WriteAsync(letter, stop);
            }
            outcomes.Add(new ReplayOutcome(letter, refused));
        }
        return outcomes;
    }

    /// <summary>A mended payload may name the patient that the old key did not.</summary>
    private static byte[]? KeyOf(SampleDecoder decoder, byte[] payload) => decoder.PatientOf(payload) is { } patient ? SampleEncoder.Key(patient) : null;

    /// <summary>Delivered twice, a letter is one; two lines of one record that a store refused are two.</summary>
    private readonly record struct Identity(Origin Origin, string Stage, string Payload)
    {
        public static Identity Of(DeadLetter letter) =>
            new(letter.Origin, letter.Stage, letter.Stage == "store" ? Encoding.Latin1.GetString(letter.Payload.Span) : "");
    }

    private sealed class DeadLetterNotes(KafkaOptions options, TimeProvider time) : IAsyncDisposable
    {
        private readonly KafkaMetrics _metrics = new();
        private DeadLetterSink? _sink;

        public Task WriteAsync(DeadLetter letter, CancellationToken stop)
        {
            _sink ??= new DeadLetterSink(options, _metrics, NullLogger<DeadLetterSink>.Instance, time);
            return _sink.WriteAsync([new DeadLetter(Replayed, "sent again", letter.Origin, letter.Key, default)], stop);
        }

        public async ValueTask DisposeAsync()
        {
            if (_sink is not null)
                await _sink.DisposeAsync();
            _metrics.Dispose();
        }
    }
}
