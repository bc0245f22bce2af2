using Pipeline.Actors.Cluster;

namespace Pipeline.Host.Web;

/// <summary>A stretch of one channel as a screen draws it.</summary>
/// <param name="Patient">Pseudonym.</param>
/// <param name="Device">Device.</param>
/// <param name="Label">The device's own name of the channel.</param>
/// <param name="Kind">What it measures, as in the store's tags.</param>
/// <param name="Unit">Unit of the values.</param>
/// <param name="Time">Event time of the first value, milliseconds since 1970.</param>
/// <param name="Epoch">The device's epoch.</param>
/// <param name="Seconds">Place of the first value in the epoch.</param>
/// <param name="RateHz">Values per second.</param>
/// <param name="Values">The values; null where a sample is missing.</param>
internal sealed record StripSamples(string Patient, string Device, string Label, string Kind, string Unit, double Time, long Epoch, double Seconds, double RateHz, float?[] Values)
{
    /// <summary>Makes it of a channel of a chunk, with about <paramref name="points"/> values a second at most; 0: all.</summary>
    public static StripSamples Of(LiveSamples chunk, int channel, double points)
    {
        var values = chunk.ValuesOf(channel);
        var bucket = points > 0 ? Math.Max(1, (int)Math.Ceiling(2 * chunk.RateHz / points)) : 1;
        var (at, shown) = (chunk.Channels[channel], bucket > 2 ? Extremes(values, bucket) : values);
        return new StripSamples(
            chunk.Patient, chunk.Device, at.Label, at.Kind, at.Unit, chunk.Time.ToUnixTimeMilliseconds(), chunk.Epoch, chunk.FirstSampleIndex / chunk.RateHz,
            bucket > 2 ? 2 * chunk.RateHz / bucket : chunk.RateHz,
            [.. shown.Select(Shown)]);
    }

    /// <summary>
    /// Least and greatest value of each <paramref name="bucket"/> samples in the order in which they come, so that no QRS complex is lost on a coarse screen; NaN where no
    /// sample of the bucket is there. A rest of less than half a bucket is left out.
    /// </summary>
    internal static float[] Extremes(ReadOnlySpan<float> values, int bucket)
    {
        var extremes = new List<float>(2 * (values.Length / bucket + 1));
        for (var from = 0; from < values.Length; from += bucket)
        {
            var part = values.Slice(from, Math.Min(bucket, values.Length - from));
            if (2 * part.Length < bucket)
                break;
            var (least, greatest) = (-1, -1);
            for (var i = 0; i < part.Length; i++)
            {
                if (!float.IsFinite(part[i]))
                    continue;
                least = least < 0 || part[i] < part[least] ? i : least;
                greatest = greatest < 0 || part[i] > part[greatest] ? i : greatest;
            }
            extremes.Add(least < 0 ? float.NaN : part[Math.Min(least, greatest)]);
            extremes.Add(least < 0 ? float.NaN : part[Math.Max(least, greatest)]);
        }
        return [.. extremes];
    }

    /// <summary>A value as it is sent: four digits, as a screen shows no more; null where it is missing.</summary>
    internal static float? Shown(float value)
    {
        if (value == 0 || !float.IsFinite(value))
            return value == 0 ? 0 : null;
        var scale = Math.Pow(10, 3 - Math.Floor(Math.Log10(Math.Abs(value))));
        return (float)(Math.Round(value * scale) / scale);
    }
}

/// <summary>
/// Which channel of a patient the one strip of her tile shows: the first of the kind that tells most of the heart, while its device sends. One for all who look, so that a page
/// that listens anew goes on with the same. Thread-safe.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class StripChoice(TimeProvider time)
{
    private const int MostKept = 10_000;
    private static readonly string[] Kinds = ["ecg", "ppg", "abp", "fecg", "fhr", "pcg", "camera", "resp"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (int Rank, string Device, long At)> _shown = new(StringComparer.Ordinal);

    /// <summary>The channel of the chunk that is shown; null: none of it.</summary>
    public int? Of(LiveSamples chunk)
    {
        var best = Enumerable.Range(0, chunk.Channels.Length).MinBy(channel => Rank(chunk.Channels[channel].Kind));
        var rank = Rank(chunk.Channels[best].Kind);
        if (rank == Kinds.Length)
            return null;
        lock (_lock)
        {
            if (_shown.TryGetValue(chunk.Patient, out var shown) && time.GetElapsedTime(shown.At) < Patience && (rank, chunk.Device) != (shown.Rank, shown.Device) && rank >= shown.Rank)
                return null;
            if (_shown.Count == MostKept)
                foreach (var patient in _shown.Where(one => time.GetElapsedTime(one.Value.At) >= Patience).Select(one => one.Key).ToArray())
                    _shown.Remove(patient);
            _shown[chunk.Patient] = (rank, chunk.Device, time.GetTimestamp());
        }
        return best;
    }

    private static int Rank(string kind) => Array.IndexOf(Kinds, kind) is >= 0 and var rank ? rank : Kinds.Length;
}
