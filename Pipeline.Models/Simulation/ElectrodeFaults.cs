namespace Pipeline.Models.Simulation;

/// <summary>
/// What a bad contact or a movement does to one ECG lead, added to its samples in place. Heights are in the unit of the samples; all draws
/// come from the given source.
/// </summary>
internal static class ElectrodeFaults
{
    private const double LongestPlateau = 4, ShortPlateau = 0.5;    // s

    /// <summary>
    /// Now and then, after <paramref name="quiet"/> s on average, the electrode comes off for 3 to 40 s: jumps of <paramref name="height"/>
    /// with plateaus that decay over 0.4 to 8 s, some chattering. With <paramref name="isDead"/> the heart is hardly seen meanwhile, and
    /// for 1 to 12 s after the last jump.
    /// </summary>
    public static void LoseContact(Span<float> lead, double rateHz, double quiet, double height, bool isDead, ref NoiseSource noise)
    {
        for (var at = After(quiet, ref noise); at * rateHz < lead.Length;)
        {
            var end = at + LogUniform(3, 40, ref noise);
            var dead = isDead && noise.Uniform() < 0.75 ? end + LogUniform(1, 12, ref noise) : at;
            Fade(lead, rateHz, at, dead, noise.Uniform(0, 0.15));
            while (at < end)
            {
                var length = LogUniform(0.08, noise.Uniform() < 0.6 ? LongestPlateau : ShortPlateau, ref noise);
                var jump = noise.Uniform() < 0.2 ? 0 : height * noise.Uniform(0.3, 1.2) * Sign(ref noise);
                AddPlateau(lead, rateHz, at, length, jump, ref noise);
                at += length;
            }
            at = Math.Max(at, dead) + After(quiet, ref noise);
        }
    }

    /// <summary>
    /// Bouts of movement, on for 10 to 60 s after 25 s on average: groups of steep waves of either sign, up to <paramref name="height"/>,
    /// 15 to 250 ms wide (standard deviation), many with a swing back.
    /// </summary>
    public static void Move(Span<float> lead, double rateHz, double height, ref NoiseSource noise)
    {
        for (var at = After(25, ref noise); at * rateHz < lead.Length; at += After(25, ref noise))
        {
            for (var end = at + LogUniform(10, 60, ref noise); at < end;)
            {
                for (var waves = 1 + (int)noise.Uniform(0, 8); waves > 0; waves--)
                {
                    var width = LogUniform(0.015, 0.25, ref noise);
                    var size = height * noise.Uniform(0.15, 1) * Sign(ref noise);
                    AddWave(lead, rateHz, at, size, width);
                    if (noise.Uniform() < 0.5)
                    {
                        var back = at + width * noise.Uniform(1, 3);
                        AddWave(lead, rateHz, back, -size * noise.Uniform(0.4, 1), width * noise.Uniform(0.6, 1.6));
                    }
                    at += LogUniform(0.08, 1.2, ref noise);
                }
                at += After(4, ref noise);
            }
        }
    }

    /// <summary>
    /// Bursts of muscle noise (about 10 to 60 Hz) of RMS <paramref name="sigma"/>, 0.6 to 8 s long, one in 10 s on average.
    /// </summary>
    public static void Tense(Span<float> lead, double rateHz, double sigma, ref NoiseSource noise)
    {
        for (var at = After(10, ref noise); at * rateHz < lead.Length; at += After(10, ref noise))
        {
            var length = LogUniform(0.6, 8, ref noise);
            var (first, last) = ((int)(at * rateHz), (int)Math.Min(lead.Length, (at + length) * rateHz));
            AddBand(lead[first..last], rateHz, sigma * noise.Uniform(0.4, 1), 10, 60, ref noise);
            at += length;
        }
    }

    /// <summary>
    /// Adds noise of RMS <paramref name="sigma"/> between about two frequencies: a low-pass of second order less one of first order.
    /// </summary>
    public static void AddBand(Span<float> lead, double rateHz, double sigma, double lowHz, double highHz, ref NoiseSource noise)
    {
        var (fast, slow) = (1 - Math.Exp(-2 * Math.PI * highHz / rateHz), 1 - Math.Exp(-2 * Math.PI * lowHz / rateHz));
        double one = 0, two = 0, under = 0, squares = 0;
        var before = (int)Math.Min(4 * rateHz, rateHz / lowHz);
        var band = new float[lead.Length];
        for (var i = -before; i < band.Length; i++)
        {
            one += fast * (noise.Normal() - one);
            two += fast * (one - two);
            under += slow * (two - under);
            if (i < 0)
                continue;
            band[i] = (float)(two - under);
            squares += (two - under) * (two - under);
        }
        var scale = (float)(sigma / Math.Sqrt(squares / Math.Max(1, band.Length) + 1e-30));
        for (var i = 0; i < band.Length; i++)
            lead[i] += scale * band[i];
    }

    /// <summary>Adds a Gaussian wave at <paramref name="at"/> s of standard deviation <paramref name="width"/> s.</summary>
    public static void AddWave(Span<float> lead, double rateHz, double at, double size, double width)
    {
        var (first, last) = (Math.Max(0, (int)((at - 5 * width) * rateHz)), (int)Math.Min(lead.Length, (at + 5 * width) * rateHz + 1));
        for (var i = first; i < last; i++)
        {
            var z = (i / rateHz - at) / width;
            lead[i] += (float)(size * Math.Exp(-z * z / 2));
        }
    }

    /// <summary>Log-uniform in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public static double LogUniform(double low, double high, ref NoiseSource noise) => low * Math.Pow(high / low, noise.Uniform());

    /// <summary>−1 or 1.</summary>
    public static int Sign(ref NoiseSource noise) => noise.Uniform() < 0.5 ? -1 : 1;

    private static double After(double mean, ref NoiseSource noise) => -mean * Math.Log(1 - noise.Uniform());

    private static void AddPlateau(Span<float> lead, double rateHz, double at, double length, double jump, ref NoiseSource noise)
    {
        var (first, last) = ((int)(at * rateHz), (int)Math.Min(lead.Length, (at + length) * rateHz));
        var recovery = LogUniform(0.4, 8, ref noise) * rateHz;
        var chatter = noise.Uniform() < 0.3 ? 0.4 * jump : 0;
        var (hz, level) = (noise.Uniform(4, 14), noise.Uniform(-0.5, 0.9));
        for (var i = Math.Max(0, first); i < last; i++)
        {
            var since = i - first;
            lead[i] += (float)(jump * Math.Exp(-since / recovery) + (Math.Sin(2 * Math.PI * hz * since / rateHz) > level ? chatter : 0));
        }
    }

    /// <summary>
    /// From <paramref name="from"/> to <paramref name="to"/> s only <paramref name="left"/> of the lead is seen, soft at both ends.
    /// </summary>
    private static void Fade(Span<float> lead, double rateHz, double from, double to, double left)
    {
        var (first, last, edge) = ((int)(from * rateHz), (int)(to * rateHz), (float)(0.1 * rateHz));
        for (var i = Math.Max(0, first); i < Math.Min(lead.Length, last); i++)
        {
            var inside = Math.Min(1, Math.Min(i - first, last - i) / edge);
            lead[i] *= 1 - inside * (float)(1 - left);
        }
    }
}
