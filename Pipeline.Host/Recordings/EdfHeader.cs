using System.Globalization;
using System.Text;

namespace Pipeline.Host.Recordings;

/// <summary>One signal of an EDF header; <c>Recorded</c> is null for the "EDF Annotations" of EDF+, which hold no samples.</summary>
internal sealed record EdfSignal(RecordedSignal? Recorded, int SamplesPerRecord);

/// <summary>
/// The header of EDF (Kemp 1992, https://doi.org/10.1016/0013-4694(92)90009-7) and EDF+ (Kemp 2003,
/// https://doi.org/10.1016/S1388-2457(03)00123-8): 256 bytes of text, then 256 for each signal, field by field.
/// </summary>
/// <param name="HeaderBytes">Where the data records begin.</param>
/// <param name="RecordCount">Data records; −1 when the header leaves it to the file (a recording that was not closed).</param>
/// <param name="SecondsPerRecord">Length of a data record.</param>
/// <param name="HasGaps">EDF+D: the records name their own times.</param>
/// <param name="Signals">The signals in the order of a record.</param>
internal sealed record EdfHeader(
    int HeaderBytes, long RecordCount, double SecondsPerRecord, bool HasGaps, IReadOnlyList<EdfSignal> Signals)
{
    private const int MaxSignals = 2048;
    private const int MaxRecordBytes = 1 << 27;   // one record is read at once

    /// <summary>Bytes of a data record.</summary>
    public int RecordBytes => 2 * Signals.Sum(signal => signal.SamplesPerRecord);

    /// <summary>Reads the header at the start of <paramref name="stream"/>.</summary>
    /// <exception cref="RecordingException">It is no EDF header.</exception>
    public static EdfHeader Read(string name, Stream stream)
    {
        var head = new byte[256];
        if (stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) < head.Length || Text(head, 0, 8) != "0")
            throw new RecordingException($"{name}: does not begin like an EDF file");
        var signalCount = (int)Number(name, "number of signals", Text(head, 252, 4), 1, MaxSignals);
        var records = (long)Number(name, "number of data records", Text(head, 236, 8), -1, 99_999_999);
        var duration = Number(name, "duration of a data record", Text(head, 244, 8), 0, 1e7);
        if (duration == 0)
            throw new RecordingException($"{name}: data records of 0 s hold annotations only");
        var rest = new byte[256 * signalCount];
        if (stream.ReadAtLeast(rest, rest.Length, throwOnEndOfStream: false) < rest.Length)
            throw new RecordingException($"{name}: ends within its header: truncated?");
        var signals = Enumerable.Range(0, signalCount).Select(s => ParseSignal(name, rest, signalCount, s)).ToList();
        if (signals.TrueForAll(signal => signal.Recorded is null))
            throw new RecordingException($"{name}: no signals, only annotations");
        if (2L * signals.Sum(signal => (long)signal.SamplesPerRecord) > MaxRecordBytes)
            throw new RecordingException($"{name}: data records of more than {MaxRecordBytes} bytes");
        var isPlus = Text(head, 192, 44);
        return new(256 * (1 + signalCount), records, duration, isPlus.StartsWith("EDF+D", StringComparison.Ordinal), signals);
    }

    private static EdfSignal ParseSignal(string name, byte[] fields, int count, int s)
    {
        // Field by field: 16 label, 80 transducer, 8 unit, 8 physical minimum, 8 maximum, 8 digital minimum, 8 maximum, 80 filters, 8 samples.
        string Field(int before, int width) => Text(fields, count * before + s * width, width);
        var label = Field(0, 16);
        var samples = (int)Number(name, "number of samples in a record", Field(216, 8), 1, MaxRecordBytes / 2);
        if (label.Equals("EDF Annotations", StringComparison.OrdinalIgnoreCase))
            return new(null, samples);
        double Limit(string what, int before) => Number(name, $"{what} of '{WfdbHeader.Shown(label)}'", Field(before, 8), -1e9, 1e9);
        var (physicalLow, physicalHigh) = (Limit("physical minimum", 104), Limit("physical maximum", 112));
        var (digitalLow, digitalHigh) = (Limit("digital minimum", 120), Limit("digital maximum", 128));
        if (physicalLow == physicalHigh || digitalLow >= digitalHigh)
            throw new RecordingException($"{name}: '{WfdbHeader.Shown(label)}' has no range: physical {physicalLow} to {physicalHigh}, digital {digitalLow} to {digitalHigh}");
        var gain = (digitalHigh - digitalLow) / (physicalHigh - physicalLow);
        return new(new(label.Length > 0 ? label : $"signal{s + 1}", Field(96, 8), gain, digitalLow - physicalLow * gain, samples), samples);
    }

    private static string Text(byte[] bytes, int from, int count) => Encoding.Latin1.GetString(bytes, from, count).Trim(' ', '\0');

    private static double Number(string name, string what, string text, double least, double most) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value
            : throw new RecordingException(string.Create(CultureInfo.InvariantCulture, $"{name}: {what} is '{WfdbHeader.Shown(text)}'; {least} to {most} is wanted"));
}
