using Pipeline.Models.Simulation;

namespace Pipeline.Training.Qrs;

/// <summary>A recording after augmentation.</summary>
/// <param name="Recording">Input of the detector.</param>
/// <param name="Weight">Weight of its candidates in the loss.</param>
/// <param name="IsClean">Whether no noise was added: its beats then have a higher weight.</param>
internal readonly record struct AugmentedEcg(EcgRecording Recording, float Weight, bool IsClean);

/// <summary>
/// Augmentation of ECG recordings: both leads, one lead, rotated leads, beats of varying size, tall P and T waves, ectopic beats, recorded
/// noise, cold starts, other sampling rates and speeds. Noise comes only from the minutes that <see cref="NoiseStress"/> does not use.
/// </summary>
internal sealed class QrsAugmentation(IReadOnlyDictionary<string, EcgRecording> noises, int seed)
{
    private const double ColdStartEvery = 18;   // seconds of the recording
    private static readonly string[] NoiseKinds = ["em", "em", "ma", "bw"];

    /// <summary>
    /// All versions of <paramref name="record"/>, which has one lead or two; <paramref name="pass"/> is part of the seed.
    /// </summary>
    public IEnumerable<AugmentedEcg> Of(EcgRecording record, int pass)
    {
        var random = new Random(HashCode(record.Name, pass));
        var a = record.Leads[0];
        var b = record.Leads.Length > 1 ? record.Leads[1] : a;
        yield return new(record.With(a, b), 1, true);
        yield return new(record.With(a), 1, true);
        yield return new(Half(record.With(b), random), 0.3f, true);
        yield return new(Rotated(record, a, b, random), 0.7f, true);
        var rotated = Rotated(record, a, b, random);
        yield return new(Half(rotated.With(rotated.Leads[0]), random), 0.5f, true);
        var both = CoinFlip(random) ? Rotated(record, a, b, random) : record.With(a, b);
        yield return new(QrsBeatAugmentation.ScaleBeats(both, random), 0.7f, true);
        var one = CoinFlip(random) ? rotated.With(rotated.Leads[0]) : record.With(a);
        yield return new(QrsBeatAugmentation.ScaleBeats(one, random), 0.5f, true);
        var withTWaves = QrsBeatAugmentation.AddTWaves(record.With(a, b), random);
        yield return new(Half(withTWaves, random), 0.5f, true);
        yield return new(withTWaves.With(withTWaves.Leads[0]), 0.5f, true);
        var withPWaves = QrsBeatAugmentation.AddPWaves(record.With(a, b), random);
        yield return new(Half(withPWaves, random), 0.4f, true);
        yield return new(withPWaves.With(withPWaves.Leads[0]), 0.5f, true);
        var ectopics = QrsBeatAugmentation.AddEctopicBeats(CoinFlip(random) ? Rotated(record, a, b, random) : record.With(a, b), random);
        yield return new(ectopics, 0.6f, true);
        yield return new(QrsBeatAugmentation.AddEctopicBeats(record.With(a), random), 0.6f, true);
        var smoothed = QrsBeatAugmentation.Smooth(CoinFlip(random) ? withPWaves : record.With(a, b), random);
        yield return new(Half(smoothed, random), 0.3f, true);
        yield return new(smoothed.With(smoothed.Leads[0]), 0.3f, true);
        yield return new(AddNoise(record.With(a, b), random), 0.7f, false);
        yield return new(AddNoise(record.With(a, b), random), 0.7f, false);
        yield return new(AddNoise(record.With(a), random), 0.6f, false);
        yield return new(Half(AddNoise(record.With(b), random), random), 0.2f, false);
        yield return new(Half(AddNoise(Rotated(record, a, b, random), random), random), 0.5f, false);
        foreach (var version in Faults(record.With(a, b), random))
            yield return version;
        foreach (var version in OtherRates(record.With(a, b), random))
            yield return version;
        foreach (var start in Starts(record.With(a, b), random))
            yield return new(start, 0.7f, true);
    }

    /// <summary>AV block and pauses; electrodes that come off or move; low ectopic beats.</summary>
    private static IEnumerable<AugmentedEcg> Faults(EcgRecording record, Random random)
    {
        var noise = new NoiseSource(random.Next(), 30);
        var one = random.Next(10) < 7 ? record.Leads[0] : record.Leads[1];
        yield return new(QrsBlockAugmentation.DropBeats(record, random), 0.6f, true);
        yield return new(QrsBlockAugmentation.DropBeats(record.With(one), random), 0.5f, true);
        var half = Half(record, random);
        yield return new(Tense(QrsBlockAugmentation.DropBeats(half, random), half, ref noise), 0.4f, false);
        yield return new(LoseContact(record, random, ref noise), 0.6f, false);
        yield return new(Half(LoseContact(record.With(one), random, ref noise), random), 0.3f, false);
        yield return new(Move(record, random, ref noise), 0.5f, false);
        yield return new(QrsBeatAugmentation.AddEctopicBeats(Half(record, random), random, low: true), 0.6f, true);
    }

    /// <summary>One of two leads comes off and is dead then; a lead alone has the jumps.</summary>
    private static EcgRecording LoseContact(EcgRecording record, Random random, ref NoiseSource noise)
    {
        float[][] leads = [.. record.Leads.Select(lead => lead.ToArray())];
        var l = random.Next(leads.Length);
        var height = NoiseStress.QrsHeight(record, l) * ElectrodeFaults.LogUniform(0.6, 5, ref noise);
        ElectrodeFaults.LoseContact(leads[l], record.RateHz, noise.Uniform(8, 40), height, isDead: leads.Length > 1, ref noise);
        return record.With(leads);
    }

    /// <summary>Movement on one lead, little of it on the other, which is low.</summary>
    private static EcgRecording Move(EcgRecording record, Random random, ref NoiseSource noise)
    {
        float[][] leads = [.. record.Leads.Select(lead => lead.ToArray())];
        var l = random.Next(leads.Length);
        var height = NoiseStress.QrsHeight(record, l);
        ElectrodeFaults.Move(leads[l], record.RateHz, height * noise.Uniform(0.4, 2.5), ref noise);
        foreach (var lead in leads.Where((_, other) => other != l))
            ElectrodeFaults.Move(lead, record.RateHz, height * noise.Uniform(0.02, 0.2), ref noise);
        return record.With(leads);
    }

    /// <summary>Bursts of muscle noise of 0.02 to 0.1 of the QRS complexes that <paramref name="whole"/> has.</summary>
    private static EcgRecording Tense(EcgRecording record, EcgRecording whole, ref NoiseSource noise)
    {
        float[][] leads = [.. record.Leads.Select(lead => lead.ToArray())];
        for (var l = 0; l < leads.Length; l++)
            ElectrodeFaults.Tense(leads[l], record.RateHz, NoiseStress.QrsHeight(whole, l) * noise.Uniform(0.02, 0.1), ref noise);
        return record.With(leads);
    }

    private IEnumerable<AugmentedEcg> OtherRates(EcgRecording record, Random random)
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
            yield return CoinFlip(random) ? start : start.With(start.Leads[random.NextDouble() < 0.7 ? 0 : ^1]);
        }
    }

    private static EcgRecording Half(EcgRecording record, Random random)
    {
        var from = CoinFlip(random) ? 0 : record.SampleCount / 2;
        return record.Cut(from, from + record.SampleCount / 2);
    }

    /// <summary>The plane of the two leads rotated by a random angle: other electrode positions.</summary>
    internal static EcgRecording Rotated(EcgRecording record, float[] a, float[] b, Random random)
    {
        var angle = random.NextDouble() * 2 * Math.PI;
        var (cos, sin) = ((float)Math.Cos(angle), (float)Math.Sin(angle));
        float[] x = new float[a.Length], y = new float[a.Length];
        for (var i = 0; i < a.Length; i++)
            (x[i], y[i]) = (cos * a[i] + sin * b[i], cos * b[i] - sin * a[i]);
        return record.With(x, y);
    }

    /// <summary>
    /// Recorded noise in 70 % of the minutes: random kind, −4 to 14 dB, random sign and channel; of two leads one is left clean in 30 %.
    /// </summary>
    internal EcgRecording AddNoise(EcgRecording record, Random random)
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
            var clean = record.Leads.Length == 1 ? -1 : random.NextDouble() switch { < 0.15 => 0, > 0.85 => 1, _ => -1 };
            for (var l = 0; l < noisy.Length; l++)
            {
                if (l == clean)
                    continue;
                var channel = noise.Leads[random.Next(noise.Leads.Length)];
                var gain = NoiseStress.Gain(record, l, channel, decibels) * (random.Next(2) * 2 - 1);
                for (var i = 0; i < minute && from + i < record.SampleCount && source + i < channel.Length; i++)
                    noisy[l][from + i] += gain * channel[source + i];
            }
        }
        return record.With(noisy);
    }

    private static bool CoinFlip(Random random) => random.Next(2) == 0;

    // string.GetHashCode differs from run to run.
    private int HashCode(string name, int pass) => name.Aggregate(seed * 31 + pass, (hash, letter) => unchecked(hash * 31 + letter));
}
