using System.Globalization;
using System.Text;

namespace Pipeline.Tests.Recordings;

/// <summary>Writes EDF files for tests, by the standard's own layout and not by the reader's code.</summary>
internal static class EdfFiles
{
    public sealed record Signal(string Label, string Unit, double Low, double High, int PerRecord, short[] Samples);

    /// <summary>The bytes; <paramref name="onsets"/> makes it EDF+ with a time for each record (EDF+D when they have gaps).</summary>
    public static byte[] Bytes(double seconds, Signal[] signals, double[]? onsets = null, string reserved = "", int? records = null)
    {
        const int annotationSamples = 16;
        var count = signals[0].Samples.Length / signals[0].PerRecord;
        var all = onsets is null ? signals : [.. signals, new Signal("EDF Annotations", "", -1, 1, annotationSamples, [])];
        var text = new StringBuilder();
        void Put(string value, int width) => text.Append(value.PadRight(width)[..width]);
        void Each(Func<Signal, string> field, int width)
        {
            foreach (var signal in all)
                Put(field(signal), width);
        }

        Put("0", 8);
        Put("X X X X", 80);
        Put("Startdate 02-MAR-2015 X X X", 80);
        Put("02.03.15", 8);
        Put("04.05.06", 8);
        Put($"{256 * (1 + all.Length)}", 8);
        Put(reserved, 44);
        Put((records ?? count).ToString(CultureInfo.InvariantCulture), 8);
        Put(seconds.ToString(CultureInfo.InvariantCulture), 8);
        Put($"{all.Length}", 4);
        Each(signal => signal.Label, 16);
        Each(_ => "", 80);
        Each(signal => signal.Unit, 8);
        Each(signal => signal.Low.ToString(CultureInfo.InvariantCulture), 8);
        Each(signal => signal.High.ToString(CultureInfo.InvariantCulture), 8);
        Each(_ => "-32768", 8);
        Each(_ => "32767", 8);
        Each(_ => "", 80);
        Each(signal => $"{signal.PerRecord}", 8);
        Each(_ => "", 32);

        var bytes = new List<byte>(Encoding.Latin1.GetBytes(text.ToString()));
        for (var r = 0; r < count; r++)
        {
            foreach (var signal in signals)
                foreach (var sample in signal.Samples.AsSpan(r * signal.PerRecord, signal.PerRecord))
                    bytes.AddRange(BitConverter.GetBytes(sample));
            if (onsets is not null)
                bytes.AddRange(Encoding.Latin1.GetBytes(string.Create(CultureInfo.InvariantCulture, $"+{onsets[r]}\u0014\u0014\0").PadRight(2 * annotationSamples, '\0')));
        }
        return [.. bytes];
    }
}
