using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Pipeline.Host.Recordings;

/// <summary>A signal to be written: values on an even grid that begins with the file.</summary>
/// <param name="Label">Name, cut to 16 characters.</param>
/// <param name="Unit">Unit, cut to 8 characters.</param>
/// <param name="RateHz">Samples a second.</param>
/// <param name="Values">The values; NaN: missing.</param>
internal sealed record WrittenSignal(string Label, string Unit, double RateHz, float[] Values);

/// <summary>
/// Writes EDF+D (https://www.edfplus.info/specs/edfplus.html): 16 bits over each signal's own range. A data record of which nothing is there is left out; a sample that is missing in one that is there lies at
/// the lower end of the range, and an annotation says where and of which signal. The patient is a pseudonym.
/// </summary>
internal static class EdfWriter
{
    private const int LongestRecord = 60, AnnotationBytes = 240;
    private const short Lowest = -32767, Highest = 32767;

    /// <summary>Seconds of a data record that hold a whole number of samples of every signal; null where there are none.</summary>
    public static int? RecordSecondsOf(IReadOnlyCollection<WrittenSignal> signals)
    {
        for (var seconds = 1; seconds <= LongestRecord; seconds++)
            if (signals.All(signal => Math.Abs(signal.RateHz * seconds - Math.Round(signal.RateHz * seconds)) < 1e-6))
                return seconds;
        return null;
    }

    /// <summary>Writes the file.</summary>
    /// <exception cref="ArgumentException">There is no signal, or no data record that fits all their rates.</exception>
    public static void Write(Stream target, string patient, DateTimeOffset start, IReadOnlyList<WrittenSignal> signals)
    {
        if (signals.Count == 0 || RecordSecondsOf(signals) is not { } seconds)
            throw new ArgumentException("Signals whose rates fit one data record are wanted.", nameof(signals));
        int[] perRecord = [.. signals.Select(signal => (int)Math.Round(signal.RateHz * seconds))];
        var ranges = signals.Select(RangeOf).ToArray();
        var count = signals.Select((signal, s) => (signal.Values.Length + perRecord[s] - 1) / perRecord[s]).Max();
        int[] records = [.. Enumerable.Range(0, count).Where(record => signals.Select((_, s) => PartOf(record, s).ContainsAnyExcept(float.NaN)).Any(isThere => isThere))];
        WriteHeader(target, patient, start, signals, perRecord, ranges, records.Length, seconds);
        var samples = new byte[2 * perRecord.Sum()];
        foreach (var record in records)
        {
            var (at, notes) = (0, new StringBuilder(Invariant($"+{record * seconds}\x14\x14\0")));
            for (var s = 0; s < signals.Count; s++)
            {
                var part = PartOf(record, s);
                var missing = 0;
                for (var i = 0; i < perRecord[s]; i++, at += 2)
                {
                    var value = i < part.Length ? part[i] : float.NaN;
                    missing += float.IsFinite(value) ? 0 : 1;
                    BinaryPrimitives.WriteInt16LittleEndian(samples.AsSpan(at), float.IsFinite(value) ? Digital(value, ranges[s]) : Lowest);
                }
                var note = Invariant($"+{record * seconds}\x15{seconds}\x14missing {Ascii(signals[s].Label, 16).Trim()}\x14\0");
                if (missing > 0 && notes.Length + note.Length < AnnotationBytes)
                    notes.Append(note);
            }
            target.Write(samples);
            target.Write(Encoding.ASCII.GetBytes(notes.ToString().PadRight(AnnotationBytes, '\0')));
        }

        ReadOnlySpan<float> PartOf(int record, int s)
        {
            var values = signals[s].Values;
            var first = Math.Min(record * perRecord[s], values.Length);
            return values.AsSpan(first, Math.Min(perRecord[s], values.Length - first));
        }
    }

    private static void WriteHeader(
        Stream target, string patient, DateTimeOffset start, IReadOnlyList<WrittenSignal> signals, int[] perRecord, (double Low, double High)[] ranges, int records, int seconds)
    {
        var header = new StringBuilder();
        Add("0", 8);
        Add($"{patient.Replace(' ', '_')} X X X", 80);
        Add(Invariant($"Startdate {start.UtcDateTime:dd-MMM-yyyy} X X pipeline").ToUpperInvariant().Replace("STARTDATE", "Startdate", StringComparison.Ordinal), 80);
        Add(Invariant($"{start.UtcDateTime:dd.MM.yy}"), 8);
        Add(Invariant($"{start.UtcDateTime:HH.mm.ss}"), 8);
        Add(Invariant($"{256 * (signals.Count + 2)}"), 8);
        Add("EDF+D", 44);
        Add(Invariant($"{records}"), 8);
        Add(Invariant($"{seconds}"), 8);
        Add(Invariant($"{signals.Count + 1}"), 4);
        Each(signal => signal.Label, "EDF Annotations", 16);
        Each(_ => "", "", 80);
        Each(signal => signal.Unit, "", 8);
        EachOf(s => Number(ranges[s].Low), "-1", 8);
        EachOf(s => Number(ranges[s].High), "1", 8);
        Each(_ => Invariant($"{Lowest}"), "-32768", 8);
        Each(_ => Invariant($"{Highest}"), "32767", 8);
        Each(_ => "", "", 80);
        EachOf(s => Invariant($"{perRecord[s]}"), Invariant($"{AnnotationBytes / 2}"), 8);
        Each(_ => "", "", 32);
        target.Write(Encoding.ASCII.GetBytes(header.ToString()));

        void Add(string text, int length) => header.Append(Ascii(text, length));
        void Each(Func<WrittenSignal, string> of, string annotations, int length) => EachOf(s => of(signals[s]), annotations, length);
        void EachOf(Func<int, string> of, string annotations, int length)
        {
            for (var s = 0; s < signals.Count; s++)
                Add(of(s), length);
            Add(annotations, length);
        }
    }

    // What the header's eight characters can say, so that reader and writer have the same scale.
    private static (double Low, double High) RangeOf(WrittenSignal signal)
    {
        var values = signal.Values.Where(float.IsFinite).DefaultIfEmpty().ToArray();
        var (low, high) = ((double)values.Min(), (double)values.Max());
        var margin = Math.Max((high - low) * 0.01, Math.Max(Math.Abs(high), 1e-3) * 1e-3);
        return (double.Parse(Number(low - margin), CultureInfo.InvariantCulture), double.Parse(Number(high + margin), CultureInfo.InvariantCulture));
    }

    private static short Digital(float value, (double Low, double High) range) =>
        (short)Math.Clamp(Math.Round(Lowest + (value - range.Low) / (range.High - range.Low) * (Highest - Lowest)), Lowest, Highest);

    private static string Number(double value)
    {
        for (var digits = 7; digits > 0; digits--)
            if (value.ToString($"G{digits}", CultureInfo.InvariantCulture) is { Length: <= 8 } text && !text.Contains('E', StringComparison.Ordinal))
                return text;
        return Math.Round(value, 6).ToString("0.######", CultureInfo.InvariantCulture) is var plain && plain.Length <= 8 ? plain : plain[..8];
    }

    private static string Ascii(string text, int length)
    {
        var plain = string.Concat(text.Select(c => c is >= ' ' and <= '~' ? c : '?'));
        return plain.Length > length ? plain[..length] : plain.PadRight(length);
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
