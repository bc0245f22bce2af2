using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Pipeline.Tests.Torch;

public sealed class TensorTests
{
    [SkippableFact]
    public void A_tensor_wraps_an_array_without_a_copy_and_reads_back()
    {
        Libtorch.Need();
        using var scope = NewDisposeScope();
        var numbers = new float[] { 1, 2, 3, 4, 5, 6 };

        var x = tensor(numbers, 2, 3);
        numbers[5] = 60;

        Assert.Equal([2, 3], x.shape);
        Assert.Equal([1, 2, 3, 4, 5, 60], x.ToArray<float>());
        Assert.Equal([1, 4, 2, 5, 3, 60], x.t().ToArray<float>());
    }

    [SkippableFact]
    public void A_scope_frees_its_tensors_but_those_moved_out()
    {
        Libtorch.Need();
        Tensor inner, kept;
        using (var outer = NewDisposeScope())
        {
            using (NewDisposeScope())
            {
                inner = randn(3);
                kept = randn(3).MoveToOuterDisposeScope();
            }
            Assert.True(inner.IsInvalid);
            Assert.False(kept.IsInvalid);
            Assert.Equal(1, outer.DisposablesCount);
        }

        Assert.True(kept.IsInvalid);
        Assert.Throws<ObjectDisposedException>(() => kept + 1);
    }

    [SkippableFact]
    public void Disposing_while_other_threads_compute_neither_crashes_nor_computes_wrongly()
    {
        Libtorch.Need();
        var tensors = Enumerable.Range(0, 200).Select(i => full([64], i).DetachFromDisposeScope()).ToArray();
        var wrong = 0;
        Parallel.For(0, 4000, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            var x = tensors[i % 200];
            try
            {
                using var scope = NewDisposeScope();
                if ((x + 1).sum().item<float>() != 64 * (i % 200 + 1))
                    Interlocked.Increment(ref wrong);
                if (i > 2000)
                    x.Dispose();
            }
            catch (ObjectDisposedException)
            {
                // Another thread was first: that is the contract.
            }
        });

        Assert.Equal(0, wrong);
    }

    [SkippableFact]
    public void Errors_of_libtorch_come_as_exceptions_with_its_text()
    {
        Libtorch.Need();
        using var scope = NewDisposeScope();

        Assert.Contains("out of range", Assert.Throws<IndexOutOfRangeException>(() => randn(2, 3).select(0, 9)).Message, StringComparison.Ordinal);
        Assert.ThrowsAny<Exception>(() => randn(2, 3).matmul(randn(2, 3)));
        Assert.Throws<ArgumentException>(() => tensor([1f, 2f, 3f], 2, 2));
        Assert.Throws<InvalidOperationException>(() => randn(2, 3).data<double>().Length);
    }

    [SkippableFact]
    public void The_same_seed_gives_the_same_numbers()
    {
        Libtorch.Need();
        using var scope = NewDisposeScope();
        manual_seed(7);
        var first = randn(100).ToArray<float>();
        manual_seed(7);

        Assert.Equal(first, randn(100).ToArray<float>());
    }

    [SkippableFact]
    public void Weights_go_through_a_file_bit_by_bit()
    {
        Libtorch.Need();
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var source = nn.LSTM(3, 4);
        using var target = nn.LSTM(3, 4);
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            Safetensors.Save(path, source.state_dict(), new Dictionary<string, string> { ["note"] = "a test" });
            target.load_state_dict(Safetensors.Load(path));
            var cut = File.ReadAllBytes(path)[..^4];
            File.WriteAllBytes(path, cut);

            foreach (var (name, value) in source.state_dict())
                Assert.Equal(value.ToArray<float>(), target.state_dict()[name].ToArray<float>());
            Assert.Throws<InvalidDataException>(() => Safetensors.Load(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [SkippableFact]
    public void Weights_that_do_not_fit_are_refused_with_every_difference()
    {
        Libtorch.Need();
        using var scope = NewDisposeScope();
        using var small = nn.Linear(2, 3);
        using var large = nn.Linear(4, 3, hasBias: false);

        var text = Assert.Throws<ArgumentException>(() => small.load_state_dict(large.state_dict())).Message;

        Assert.Contains("'bias' is missing", text, StringComparison.Ordinal);
        Assert.Contains("[3, 4], wanted [3, 2]", text, StringComparison.Ordinal);
    }
}
