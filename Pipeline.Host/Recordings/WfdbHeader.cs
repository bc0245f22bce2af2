using System.Globalization;
using System.Text;

namespace Pipeline.Host.Recordings;

/// <summary>One signal line of a WFDB header.</summary>
internal sealed record WfdbSignal(string FileName, int Format, int ByteOffset, RecordedSignal Signal);

/// <summary>A segment line: the record that is a part of another one, <c>~</c> where nothing was recorded, and its frames.</summary>
internal sealed record WfdbSegment(string Name, long FrameCount);

/// <summary>
/// A WFDB header (<c>header(5)</c> of the WFDB Applications Guide, https://physionet.org/physiotools/wag/header-5.htm): the record line,
/// then a line for each signal, or for each segment of a record of several; <c>#</c> begins a comment; lines may end in CR LF. Absent
/// fields take the guide's defaults. A record name may have a folder before it, as it was named when the record was written: it says
/// nothing.
/// </summary>
/// <param name="FramesPerSecond">Frames per second, 250 when absent.</param>
/// <param name="FrameCount">Frames of the record; 0 when the header leaves it to the files.</param>
/// <param name="Signals">The signal lines; empty for a record of several segments.</param>
internal sealed record WfdbHeader(double FramesPerSecond, long FrameCount, IReadOnlyList<WfdbSignal> Signals)
{
    /// <summary>The segments of a record that is made of several, in the order of time; empty: it is one by itself.</summary>
    public IReadOnlyList<WfdbSegment> Segments { get; init; } = [];

    private const int MaxSignals = 1024;
    private const int MaxSegments = 100_000;
    private const int MaxHeaderBytes = 1 << 20;
    private const double DefaultRateHz = 250;
    private const double DefaultGain = 200;   // "uncalibrated" in the guide: 200 adu/mV

    /// <summary>Reads the header at <paramref name="path"/>.</summary>
    /// <exception cref="RecordingException">It is no header, or says something that is not supported.</exception>
    public static WfdbHeader Read(string path)
    {
        var name = Path.GetFileName(path);
        RecordingFile.Check(path);
        if (new FileInfo(path).Length > MaxHeaderBytes)
            throw new RecordingException($"{name}: more than {MaxHeaderBytes} bytes: not a WFDB header");
        var lines = File.ReadLines(path, Encoding.Latin1)
            .Select(line => line.Trim())
            .Where(line => line.Length > 0 && line[0] != '#')
            .ToList();
        if (lines.Count == 0)
            throw new RecordingException($"{name}: no record line");
        return Parse(name, lines);
    }

    private static WfdbHeader Parse(string name, List<string> lines)
    {
        var record = lines[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        // NAME/COUNT is a record of several segments; what else stands behind a slash is the name, after its folder (mitdb/100 in 100.hea).
        var last = record[0][(record[0].LastIndexOf('/') + 1)..];
        var isSegmented = record[0].Contains('/') && TryInteger(last, out _) && last != Path.GetFileNameWithoutExtension(name);
        if (record.Length < 2 || !TryInteger(record[1], out var count) || count is < 1 or > MaxSignals)
            throw new RecordingException($"{name}: '{Shown(lines[0])}' is no record line of a WFDB header with 1 to {MaxSignals} signals");
        // rate[/counter rate[(base counter)]]
        var rate = record.Length < 3 ? DefaultRateHz : Number(name, "sampling frequency", record[2].Split('/')[0]);
        if (rate is <= 0 or > 100_000)
            throw new RecordingException($"{name}: sampling frequency {record[2]}; more than 0 and at most 100000 Hz is wanted");
        var frames = 0L;
        if (record.Length > 3 && (!TryInteger(record[3], out frames) || frames < 0))
            throw new RecordingException($"{name}: '{Shown(record[3])}' is no number of samples");
        if (isSegmented)
            return new(rate, frames, []) { Segments = ParseSegments(name, lines, long.Parse(last, CultureInfo.InvariantCulture)) };
        if (lines.Count < 1 + count)
            throw new RecordingException($"{name}: {lines.Count - 1} signal lines where the record line says {count}: truncated?");
        var signals = new List<WfdbSignal>();
        for (var i = 0; i < count; i++)
            signals.Add(ParseSignal(name, lines[1 + i], i));
        return new(rate, frames, signals);
    }

    private static List<WfdbSegment> ParseSegments(string name, List<string> lines, long count)
    {
        if (count is < 1 or > MaxSegments || lines.Count < 1 + count)
            throw new RecordingException($"{name}: {lines.Count - 1} segment lines where the record line says {count}: truncated?");
        return [.. lines.Skip(1).Take((int)count).Select(line =>
        {
            var fields = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length < 2 || !TryInteger(fields[1], out var length) || length < 0)
                throw new RecordingException($"{name}: '{Shown(line)}' is no segment line");
            return new WfdbSegment(PlainName(name, fields[0], "segment"), length);
        })];
    }

    /// <summary>A file beside the header: the last part of what the header names, whatever folder is before it.</summary>
    private static string PlainName(string name, string text, string what)
    {
        var plain = text[(text.LastIndexOfAny(['/', '\\']) + 1)..];
        return plain.Length > 0 && plain is not ("." or "..") && !plain.Contains('\0')
            ? plain
            : throw new RecordingException($"{name}: {what} '{Shown(text)}' is not a plain name beside the header");
    }

    private static WfdbSignal ParseSignal(string name, string line, int index)
    {
        // file format[xSPF][:skew][+offset] [gain[(baseline)][/units] [bits [zero [initial [checksum [block [description]]]]]]]
        var fields = line.Split((char[]?)null, 9, StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 2)
            throw new RecordingException($"{name}: '{Shown(line)}' is no signal line");
        var (format, perFrame, offset) = ParseFormat(name, fields[1]);
        var (gain, baseline, unit) = ParseGain(name, fields.Length > 2 ? fields[2] : "");
        var zero = fields.Length > 4 ? Number(name, "ADC zero", fields[4]) : 0;
        var label = fields.Length > 8 ? fields[8].Trim() : $"signal{index + 1}";
        var file = fields[0] == "~" ? "~" : PlainName(name, fields[0], "signal file");
        return new(file, format, offset, new(label, unit, gain, baseline ?? zero, perFrame));
    }

    private static (int Format, int SamplesPerFrame, int Offset) ParseFormat(string name, string text)
    {
        var digits = 0;
        while (digits < text.Length && char.IsAsciiDigit(text[digits]))
            digits++;
        var (perFrame, offset) = (1, 0);
        var rest = text.AsSpan(digits);
        while (rest.Length > 0)
        {
            var end = rest[1..].IndexOfAny('x', ':', '+') is var next and >= 0 ? next + 1 : rest.Length;
            if (!int.TryParse(rest[1..end], NumberStyles.None, CultureInfo.InvariantCulture, out var value))
                throw new RecordingException($"{name}: '{Shown(text)}' is no signal format");
            if (rest[0] == ':' && value != 0)
                throw new RecordingException($"{name}: signal format {text}: a skew between signals is not supported");
            if (rest[0] == 'x')
                perFrame = value;
            else if (rest[0] == '+')
                offset = value;
            else if (rest[0] != ':')
                throw new RecordingException($"{name}: '{Shown(text)}' is no signal format");
            rest = rest[end..];
        }
        if (!int.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var format)
            || !WfdbFormat.IsKnown(format))
            throw new RecordingException($"{name}: signal format '{Shown(text)}' is not supported; {WfdbFormat.Names} are");
        if (perFrame is < 1 or > 10_000)
            throw new RecordingException($"{name}: {perFrame} samples per frame; 1 to 10000 are possible");
        return (format, perFrame, offset);
    }

    private static (double Gain, double? Baseline, string Unit) ParseGain(string name, string text)
    {
        var slash = text.IndexOf('/');
        var unit = slash >= 0 && slash < text.Length - 1 ? text[(slash + 1)..] : "mV";
        var number = slash >= 0 ? text[..slash] : text;
        double? baseline = null;
        var open = number.IndexOf('(');
        if (open >= 0)
        {
            if (!number.EndsWith(')'))
                throw new RecordingException($"{name}: gain '{Shown(text)}' lacks a closing bracket");
            baseline = Number(name, "baseline", number[(open + 1)..^1]);
            number = number[..open];
        }
        var gain = number.Length == 0 ? 0 : Number(name, "gain", number);
        return (gain == 0 ? DefaultGain : gain, baseline, unit);
    }

    private static bool TryInteger(string text, out long value) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    private static double Number(string name, string what, string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
            ? value
            : throw new RecordingException($"{name}: {what} '{Shown(text)}' is no number");

    /// <summary>A piece of a file that may be garbage, fit for one line of a terminal.</summary>
    internal static string Shown(string text, int length = 40)
    {
        var cut = text.Length > length ? text[..length] + "…" : text;
        return string.Concat(cut.Select(c => char.IsControl(c) ? '?' : c));
    }
}
