using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Pipeline.Actors;
using Pipeline.Host.Wire;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Kafka;

/// <summary>One log line a minute for each reason for which records are refused, with the first of them and how many more there were. Thread-safe.</summary>
internal sealed class RefusalLog(ILogger log, TimeProvider time, PseudonymForm? form = null)
{
    private const int MostReasons = 256, LongestReason = 300;
    private static readonly TimeSpan Repeat = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (long Since, long More)> _reasons = new(StringComparer.Ordinal);
    private readonly PseudonymForm _form = form ?? PseudonymForm.Default;
    private readonly SampleDecoder _decoder = new(form: form);

    /// <summary>Some records were refused.</summary>
    public void Note(IReadOnlyList<DeadLetter> letters)
    {
        foreach (var letter in letters)
            if (IsDue(letter, out var more))
                Tell(letter, more);
    }

    /// <summary>Reasons differ in the numbers that they name: without these they are the same reason.</summary>
    private static string KindOf(DeadLetter letter)
    {
        var kind = new StringBuilder(letter.Stage).Append(' ');
        foreach (var c in letter.Reason.AsSpan(0, Math.Min(letter.Reason.Length, LongestReason)))
            if (!char.IsAsciiDigit(c))
                kind.Append(c);
        return kind.ToString();
    }

    /// <summary>The key, where it is a pseudonym: a name has no place in a log.</summary>
    private string PatientOf(DeadLetter letter)
    {
        if (letter.Key.Length == 0)
            return "without a key";
        if (letter.Key.Length > 4 * PatientId.MaxLength || !Utf8.IsValid(letter.Key.Span))
            return "with a key that is no text";
        return Encoding.UTF8.GetString(letter.Key.Span) is var text && PatientId.IsValid(text) && _form.FindFault(text) is null ? text : "whose key is no pseudonym";
    }

    private bool IsDue(DeadLetter letter, out long more)
    {
        var kind = KindOf(letter);
        lock (_lock)
        {
            if (_reasons.TryGetValue(kind, out var known) && time.GetElapsedTime(known.Since) < Repeat)
            {
                _reasons[kind] = known with { More = known.More + 1 };
                more = 0;
                return false;
            }
            if (_reasons.Count >= MostReasons)
                _reasons.Clear();
            more = known.More;
            _reasons[kind] = (time.GetTimestamp(), 0);
            return true;
        }
    }

    private void Tell(DeadLetter letter, long more)
    {
        StreamHeader? stream;
        lock (_lock)
            stream = _decoder.StreamOf(letter.Payload.Span);
        var reason = letter.Reason.Length <= LongestReason ? letter.Reason : letter.Reason[..LongestReason] + " …";
        var others = more == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"; {more} more for this reason since the last line");
        log.RecordRefused(
            letter.Origin.Topic, letter.Origin.Partition, letter.Origin.Offset, PatientOf(letter), stream is { Bed.Length: > 0 } ? stream.Bed : "unknown",
            letter.Stage, new string([.. reason.Select(c => char.IsControl(c) ? ' ' : c)]), others);
    }
}
