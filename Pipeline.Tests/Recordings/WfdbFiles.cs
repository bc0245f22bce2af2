using System.Buffers.Binary;
using System.Globalization;

namespace Pipeline.Tests.Recordings;

/// <summary>Writes WFDB records for tests: one signal file, int16 samples [signals][samples].</summary>
internal static class WfdbFiles
{
    public static string Write(string folder, string name, double rateHz, (string Label, string Gain, short[] Samples)[] signals)
    {
        var count = signals[0].Samples.Length;
        var bytes = new byte[2 * count * signals.Length];
        for (var i = 0; i < count; i++)
            for (var s = 0; s < signals.Length; s++)
                BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(2 * (i * signals.Length + s)), signals[s].Samples[i]);
        File.WriteAllBytes(Path.Combine(folder, $"{name}.dat"), bytes);
        var lines = signals.Select(signal => $"{name}.dat 16 {signal.Gain} 16 0 {signal.Samples[0]} 0 0 {signal.Label}")
            .Prepend(string.Create(CultureInfo.InvariantCulture, $"{name} {signals.Length} {rateHz} {count}"));
        var path = Path.Combine(folder, $"{name}.hea");
        File.WriteAllText(path, string.Join("\r\n", lines) + "\r\n");
        return path;
    }
}
