using Pipeline.Training.Torch;
using Xunit;

namespace Pipeline.Tests.Torch;

/// <summary>Skips a test with the reason where libtorch was not fetched (no registry) or cannot be loaded.</summary>
internal static class NeedLibtorch
{
    public static void OrSkip()
    {
        Skip.If(Libtorch.Fault is not null, Libtorch.Fault);
        // OpenMP keeps the number of threads by thread; another number changes the order of sums, and so the last bits.
        TorchSharp.torch.set_num_threads(1);
    }
}
