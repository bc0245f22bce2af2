using System.Runtime.InteropServices;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Recordings;

/// <summary>One signal of a device and the rate at which the file holds it.</summary>
internal sealed record RecordedChannel(SignalBuffer Buffer, double RateHz)
{
    /// <summary>
    /// Writes the samples of a second at another rate, from the samples of that second alone (so nothing depends on what comes later): a
    /// straight line between neighbours, or the mean of those since the last sample when the file holds more of them.
    /// </summary>
    public void Resample(long second, double targetHz, SampleFormat format, Span<byte> row)
    {
        var first = RecordedDevice.EndIndex(second, RateHz);
        var count = (int)Math.Min(Buffer.Count, RecordedDevice.EndIndex(second + 1, RateHz) - first);
        var firstTarget = RecordedDevice.EndIndex(second, targetHz);
        var int16 = format == SampleFormat.Int16 ? MemoryMarshal.Cast<byte, short>(row) : [];
        var float32 = format == SampleFormat.Float32 ? MemoryMarshal.Cast<byte, float>(row) : [];
        for (var n = 0; n < int16.Length + float32.Length; n++)
        {
            var at = (firstTarget + n) / targetHz * RateHz - first;   // in samples of the file since the second began
            var value = RateHz > targetHz ? MeanBefore(at, RateHz / targetHz, count) : Between(at, count);
            if (format == SampleFormat.Float32)
                float32[n] = (float)value;
            else
                int16[n] = double.IsNaN(value)
                    ? SampleChunk.MissingInt16
                    : (short)Math.Clamp(Math.Round(value), -short.MaxValue, short.MaxValue);
        }
        Buffer.Drop(count);
    }

    private double Between(double at, int count)
    {
        if (count == 0)
            return double.NaN;
        var left = Math.Clamp((int)Math.Floor(at), 0, Math.Max(0, count - 2));
        // After the second's last sample the line goes on; before its first one it stays.
        return count == 1 || at <= 0 ? Buffer[0] : Buffer[left] + (Buffer[left + 1] - Buffer[left]) * Math.Min(at - left, 2);
    }

    private double MeanBefore(double at, double step, int count)
    {
        var end = Math.Clamp((int)Math.Floor(at + 1e-6) + 1, 0, count);
        var from = Math.Clamp((int)Math.Floor(at - step + 1e-6) + 1, 0, Math.Max(0, end - 1));
        double sum = 0;
        for (var i = from; i < end; i++)
            sum += Buffer[i];
        return end > from ? sum / (end - from) : double.NaN;
    }
}
