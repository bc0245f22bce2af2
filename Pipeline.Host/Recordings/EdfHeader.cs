using System.Globalization;
using System.Text;

namespace Pipeline.Host.Recordings;

/// <summary>
/// One signal of an EDF header; <c>Recorded</c> is null for one that is not read: annotations, or a channel without a range.
/// </summary>
internal sealed record EdfSignal(RecordedSignal? Recorded, int SamplesPerRecord, bool IsAnnotations);

/// <summary>
/// The header of EDF (Kemp 1992, https://doi.org/10.1016/0013-4694(92)90009-7) and EDF+ (Kemp 2003,
/// https://doi.org/10.1016/S1388-2457(03)00123-8): 256 bytes of text, then 256 for each signal, field by field.
/// </summary>
/// <param name="HeaderBytes">Where the data records begin.</param>
/// <param name="RecordCount">Data records; −1 when the header leaves it to the file (a recording that was not closed).</param>
/// <param name="SecondsPerRecord">Length of a data record.</param>
/// <param name="Form">The reserved field: <c>EDF+C</c>, <c>EDF+D</c> (its records name their own times), or empty.</param>
/// <param name="Signals">The signals in the order of a record.</param>
internal sealed record EdfHeader(
    int HeaderBytes, long RecordCount, double SecondsPerRecord, string Form, IReadOnlyList<EdfSignal> Signals)
{
    private const int MaxSignals = 2048;
    private const int MaxRecordBytes = 1 << 27;   // one record is read at once

    /// <summary>What was left out or assumed, a line each.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Bytes of a data record.</summary>
    public int RecordBytes => 2 * Signals.Sum(signal => signal.SamplesPerRecord);

    /// <summary>Where the annotations of a record lie in it, in bytes; −1: there are none.</summary>
    public int AnnotationsAt
    {
        get
        {
            var at = 0;
            foreach (var signal in Signals)
            {
                if (signal.IsAnnotations)
                    return at;
                at += 2 * signal.SamplesPerRecord;
            }
            return -1;
        }
    }

    /// <summary>Reads the header at the start of <paramref name="stream"/>.</summary>
    /// <exception cref="RecordingException">It is no EDF header.</exception>
    public static EdfHeader Read(string name, Stream stream, RecordingOptions options)
    {
        var head = new byte[256];
        if (stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) < head.Length || Text(head, 0, 8) != "0")
            throw name.EndsWith(".rec", StringComparison.OrdinalIgnoreCase)   // other programs use this ending as well
                ? new NoRecordingException($"{name}: does not begin like an EDF file")
                : new RecordingException($"{name}: does not begin like an EDF file");
        var signalCount = (int)Number(name, "number of signals", Text(head, 252, 4), 1, MaxSignals);
        var duration = Number(name, "duration of a data record", Text(head, 244, 8), 0, 1e7);
        if (duration == 0)
            throw new RecordingException($"{name}: data records of 0 s hold annotations only");
        var rest = new byte[256 * signalCount];
        if (stream.ReadAtLeast(rest, rest.Length, throwOnEndOfStream: false) < rest.Length)
            throw new RecordingException($"{name}: ends within its header: truncated?");
        var notes = new List<string>();
        var records = RecordCountOf(Text(head, 236, 8), notes);
        var signals = Enumerable.Range(0, signalCount).Select(s => ParseSignal(name, rest, (signalCount, s), options, notes)).ToList();
        if (signals.TrueForAll(signal => signal.IsAnnotations))
            throw new RecordingException($"{name}: no signals, only annotations");
        if (signals.Sum(signal => (long)signal.SamplesPerRecord) is 0 or > MaxRecordBytes / 2)
            throw new RecordingException($"{name}: data records of 0 or more than {MaxRecordBytes} bytes");
        return new(256 * (1 + signalCount), records, duration, Text(head, 192, 44), signals) { Notes = notes };
    }

    private static long RecordCountOf(string text, List<string> notes)
    {
        if (TryNumber(text, out var count) && count is >= -1 and <= 99_999_999)
            return (long)count;
        notes.Add($"the header's number of data records is '{WfdbHeader.Shown(text)}': those that are there are read");
        return -1;
    }

    private static EdfSignal ParseSignal(
        string name, byte[] fields, (int Count, int Index) place, RecordingOptions options, List<string> notes)
    {
        // Field by field: 16 label, 80 transducer, 8 unit, 8 physical minimum, 8 maximum, 8 digital minimum, 8 maximum, 80 filters, 8
        // samples.
        string Field(int before, int width) => Text(fields, place.Count * before + place.Index * width, width);
        var label = Field(0, 16);
        var samples = (int)Number(
            name, $"number of samples in a record of '{WfdbHeader.Shown(label)}'", Field(216, 8), 0, MaxRecordBytes / 2);
        if (label.Equals("EDF Annotations", StringComparison.OrdinalIgnoreCase))
            return new(null, samples, true);
        if (samples == 0)
        {
            notes.Add($"{WfdbHeader.Shown(label)} is left out: it has no samples");
            return new(null, 0, false);
        }
        var signal = new RecordedSignal(label.Length > 0 ? label : $"signal{place.Index + 1}", Field(96, 8), 1, 0, samples);
        if (options.IsIgnored(signal))
            return new(signal, samples, false);
        if (TryRange([Field(104, 8), Field(112, 8), Field(120, 8), Field(128, 8)], out var gain, out var baseline))
            return new(signal with { Gain = gain, Baseline = baseline }, samples, false);
        var limits = $"physical '{Field(104, 8)}' to '{Field(112, 8)}', digital '{Field(120, 8)}' to '{Field(128, 8)}'";
        // A person who names its kind wants it read.
        var isWanted = options.Of(signal) is not null;
        notes.Add($"{WfdbHeader.Shown(signal.Label)} {(isWanted ? "is read as stored, without a unit" : "is left out")}: it has no range "
            + $"({WfdbHeader.Shown(limits, 100)})"
            + (isWanted ? "" : $"; --channel {WfdbHeader.Shown(signal.Label)}=KIND reads it as stored"));
        return new(isWanted ? signal with { Unit = "" } : null, samples, false);
    }

    /// <summary>Gain and baseline of physical minimum and maximum, digital minimum and maximum; false where they hold no range.</summary>
    private static bool TryRange(string[] limits, out double gain, out double baseline)
    {
        (gain, baseline) = (1, 0);
        var values = new double[4];
        for (var i = 0; i < values.Length; i++)
            if (!TryNumber(limits[i], out values[i]) || Math.Abs(values[i]) > 1e9)
                return false;
        if (values[0] == values[1] || values[2] == values[3])
            return false;
        gain = (values[3] - values[2]) / (values[1] - values[0]);
        baseline = values[2] - values[0] * gain;
        return double.IsFinite(gain) && gain != 0 && double.IsFinite(baseline);
    }

    private static string Text(byte[] bytes, int from, int count) => Encoding.Latin1.GetString(bytes, from, count).Trim(' ', '\0');

    // Some writers follow their machine's language and write a decimal comma.
    private static bool TryNumber(string text, out double value) =>
        double.TryParse(text.Replace(',', '.'), NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);

    private static double Number(string name, string what, string text, double least, double most) =>
        TryNumber(text, out var value) && value >= least && value <= most
            ? value
            : throw new RecordingException(
                FormattableString.Invariant($"{name}: {what} is '{WfdbHeader.Shown(text)}'; {least} to {most} is wanted"));
}
