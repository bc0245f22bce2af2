using Xunit;

namespace Pipeline.Tests.Torch;

/// <summary>Whether libtorch can be loaded here; a test that needs it says why it is skipped.</summary>
internal static class Libtorch
{
    private static readonly string? Missing = Probe();

    public static void Need()
    {
        Skip.If(Missing is not null, Missing);
        // OpenMP keeps the number by thread, and OpenBLAS takes over whatever the last caller had: another one cuts sums up in another way.
        TorchSharp.torch.set_num_threads(1);
    }

    private static string? Probe()
    {
        try
        {
            _ = TorchSharp.torch.get_num_threads();
            return null;
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException)
        {
            return "libtorch is not here (Debian: libtorch-dev and libopenblas0-openmp, then ./pipeline setup)";
        }
    }
}
