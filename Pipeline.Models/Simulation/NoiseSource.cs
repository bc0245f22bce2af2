namespace Pipeline.Models.Simulation;

/// <summary>
/// Cheap repeatable random numbers (xorshift32, Marsaglia 2003, https://doi.org/10.18637/jss.v008.i14): the simulator draws several for
/// every sample, and a bed's state must stay a few bytes.
/// </summary>
internal struct NoiseSource
{
    private const double PerStep = 1.0 / 4_294_967_296;

    private uint _state;

    /// <summary>Sources of different seeds or streams are independent for our purposes.</summary>
    public NoiseSource(int seed, int stream)
    {
        // murmur3's finaliser, so that neighbouring seeds begin far apart; 0 is xorshift's only forbidden state
        var h = unchecked((uint)seed * 0x9E3779B1u ^ (uint)stream * 0x85EBCA77u);
        h = (h ^ h >> 16) * 0x85EBCA6Bu;
        h = (h ^ h >> 13) * 0xC2B2AE35u;
        _state = (h ^ h >> 16) | 1;
    }

    /// <summary>Uniform in [0, 1).</summary>
    public double Uniform() => Step() * PerStep;

    /// <summary>Uniform in [low, high).</summary>
    public double Uniform(double low, double high) => low + (high - low) * Uniform();

    /// <summary>About normal, mean 0, deviation 1: the sum of four bytes, cut at ±3.5.</summary>
    public float Normal()
    {
        var bits = Step();
        var sum = (bits & 255) + (bits >> 8 & 255) + (bits >> 16 & 255) + (bits >> 24);
        return ((int)sum - 510) * (1 / 147.8f);   // variance of four bytes: 4 x (256² − 1) / 12 = 147.8²
    }

    private uint Step()
    {
        var x = _state;
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        return _state = x;
    }
}
