namespace Pipeline.Training;

/// <summary>A recording in one dress, to train on.</summary>
/// <param name="Recording">What the detector is given.</param>
/// <param name="Weight">Weight of its candidates.</param>
/// <param name="IsClean">Whether its beats can all be seen, so that they count more.</param>
internal readonly record struct QrsCopy(EcgRecording Recording, float Weight, bool IsClean);

/// <summary>
/// The dresses of a recording: both leads, one lead, turned leads, beats of changing size, recorded noise, cold starts, other rates and speeds, T
/// waves as tall as the beats. What the network is to know besides the recordings as they are. Noise comes only from the minutes that
/// <see cref="NoiseStress"/> does not use.
/// </summary>
internal sealed class QrsCopies(IReadOnlyDictionary<string, EcgRecording> noises, int seed)
{
    private const double ColdStartEvery = 18;   // seconds of the recording
    private static readonly string[] NoiseKinds = ["em", "em", "ma", "bw"];

    /// <summary>All of them for <paramref name="record"/>, which has one lead or two; <paramref name="pass"/> varies the draws.</summary>
    public IEnumerable<QrsCopy> Of(EcgRecording record, int pass)
    {
        var random = new Random(HashCode(record.Name, pass));
        var a = record.Leads[0];
        var b = record.Leads.Length > 1 ? record.Leads[1] : a;
        yield return new(record.With(a, b), 1, true);
        yield return new(record.With(a), 1, true);
        yield return new(Half(record.With(b), random), 0.3f, true);
        yield return new(Turned(record, a, b, random), 0.7f, true);
        var turned = Turned(record, a, b, random);
        yield return new(Half(turned.With(turned.Leads[0]), random), 0.5f, true);
        yield return new(QrsDistortion.Wobble(Maybe(random) ? Turned(record, a, b, random) : record.With(a, b), random), 0.7f, true);
        yield return new(QrsDistortion.Wobble(Maybe(random) ? turned.With(turned.Leads[0]) : record.With(a), random), 0.5f, true);
        var tall = QrsDistortion.TallWaves(record.With(a, b), random);
        yield return new(Half(tall, random), 0.5f, true);
        yield return new(tall.With(tall.Leads[0]), 0.5f, true);
        var first = QrsDistortion.TallFirstWaves(record.With(a, b), random);
        yield return new(Half(first, random), 0.4f, true);
        yield return new(first.With(first.Leads[0]), 0.5f, true);
        var ectopics = QrsDistortion.Ectopics(Maybe(random) ? Turned(record, a, b, random) : record.With(a, b), random);
        yield return new(ectopics, 0.6f, true);
        yield return new(QrsDistortion.Ectopics(record.With(a), random), 0.6f, true);
        var smeared = QrsDistortion.Smear(Maybe(random) ? first : record.With(a, b), random);
        yield return new(Half(smeared, random), 0.3f, true);
        yield return new(smeared.With(smeared.Leads[0]), 0.3f, true);
        yield return new(AddNoise(record.With(a, b), random), 0.7f, false);
        yield return new(AddNoise(record.With(a, b), random), 0.7f, false);
        yield return new(AddNoise(record.With(a), random), 0.6f, false);
        yield return new(Half(AddNoise(record.With(b), random), random), 0.2f, false);
        yield return new(Half(AddNoise(Turned(record, a, b, random), random), random), 0.5f, false);
        foreach (var copy in OtherRates(record.With(a, b), random))
            yield return copy;
        foreach (var start in Starts(record.With(a, b), random))
            yield return new(start, 0.7f, true);
    }

    private IEnumerable<QrsCopy> OtherRates(EcgRecording record, Random random)
    {
        yield return new(Half(record, random).Resampled(250), 0.4f, true);
        yield return new(Half(record.With(record.Leads[0]), random).Resampled(250), 0.4f, true);
        yield return new(Half(AddNoise(record, random), random).Resampled(125), 0.2f, false);
        yield return new(Half(record, random).Played(1.3 + 0.9 * random.NextDouble()), 0.4f, true);
        yield return new(Half(record.With(record.Leads[0]), random).Played(1.3 + 0.9 * random.NextDouble()), 0.3f, true);
        yield return new(Half(AddNoise(record.With(record.Leads[0]), random), random).Played(1.3 + 0.9 * random.NextDouble()), 0.2f, false);
        yield return new(Half(AddNoise(record, random), random).Played(0.75), 0.2f, false);
    }

    private static IEnumerable<EcgRecording> Starts(EcgRecording record, Random random)
    {
        for (var i = 0; i < record.SampleCount / record.RateHz / ColdStartEvery; i++)
        {
            var length = (int)((6 + 9 * random.NextDouble()) * record.RateHz);
            var from = random.Next(Math.Max(1, record.SampleCount - length));
            var start = record.Cut(from, Math.Min(record.SampleCount, from + length));
            yield return Maybe(random) ? start : start.With(start.Leads[random.NextDouble() < 0.7 ? 0 : ^1]);
        }
    }

    private static EcgRecording Half(EcgRecording record, Random random)
    {
        var from = Maybe(random) ? 0 : record.SampleCount / 2;
        return record.Cut(from, from + record.SampleCount / 2);
    }

    /// <summary>The plane of the two leads turned by any angle: other electrodes on the same heart.</summary>
    private static EcgRecording Turned(EcgRecording record, float[] a, float[] b, Random random)
    {
        var angle = random.NextDouble() * 2 * Math.PI;
        var (cos, sin) = ((float)Math.Cos(angle), (float)Math.Sin(angle));
        float[] x = new float[a.Length], y = new float[a.Length];
        for (var i = 0; i < a.Length; i++)
            (x[i], y[i]) = (cos * a[i] + sin * b[i], cos * b[i] - sin * a[i]);
        return record.With(x, y);
    }

    /// <summary>Noise by the minute: in 70 % of them, of any kind, −4 to 14 dB, any sign and channel; of two leads one is spared in 30 %.</summary>
    private EcgRecording AddNoise(EcgRecording record, Random random)
    {
        var kinds = NoiseKinds.Where(noises.ContainsKey).ToArray();
        var minute = (int)(60 * record.RateHz);
        float[][] noisy = [.. record.Leads.Select(lead => lead.ToArray())];
        for (var from = 0; from < record.SampleCount && kinds.Length > 0; from += minute)
        {
            if (random.NextDouble() < 0.3)
                continue;
            var noise = noises[kinds[random.Next(kinds.Length)]];
            int source;
            do
                source = random.Next(30) * minute;
            while (NoiseStress.IsNoisy(source + 10, record.RateHz));
            var decibels = random.NextDouble() * 18 - 4;
            var spared = record.Leads.Length == 1 ? -1 : random.NextDouble() switch { < 0.15 => 0, > 0.85 => 1, _ => -1 };
            for (var l = 0; l < noisy.Length; l++)
            {
                if (l == spared)
                    continue;
                var channel = noise.Leads[random.Next(noise.Leads.Length)];
                var gain = NoiseStress.Gain(record, l, channel, decibels) * (random.Next(2) * 2 - 1);
                for (var i = 0; i < minute && from + i < record.SampleCount && source + i < channel.Length; i++)
                    noisy[l][from + i] += gain * channel[source + i];
            }
        }
        return record.With(noisy);
    }

    private static bool Maybe(Random random) => random.Next(2) == 0;

    // string.GetHashCode differs from run to run.
    private int HashCode(string name, int pass) => name.Aggregate(seed * 31 + pass, (hash, letter) => unchecked(hash * 31 + letter));
}
