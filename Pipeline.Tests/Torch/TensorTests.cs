using Pipeline.Tests.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Pipeline.Tests.Torch;

[Collection(nameof(SeededTraining))]
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
    public void A_parameter_is_a_tensor_that_no_scope_frees_and_no_gradient_is_recorded_where_none_is_wanted()
    {
        Libtorch.Need();
        TorchSharp.Modules.Parameter parameter;
        using (NewDisposeScope())
        {
            parameter = nn.Parameter(tensor([1f, 2f]));
            using (no_grad())
                Assert.False((parameter * 2).requires_grad);
            Assert.True((parameter * 2).requires_grad);
        }

        Assert.Equal([1f, 2f], parameter.ToArray<float>());
        parameter.Dispose();
        Assert.Throws<ObjectDisposedException>(() => parameter.shape);
    }

    [SkippableFact]
    public void Dropout_drops_in_training_only_and_the_same_for_the_same_seed()
    {
        Libtorch.Need();
        using var scope = NewDisposeScope();
        using var dropout = nn.Dropout(0.5);
        var x = ones(1000);
        manual_seed(5);
        var first = dropout.forward(x).ToArray<float>();
        manual_seed(5);
        var again = dropout.forward(x).ToArray<float>();
        dropout.eval();

        Assert.Equal(first, again);
        Assert.All(first, y => Assert.True(y is 0 or 2));
        Assert.InRange(first.Count(y => y == 0), 400, 600);
        Assert.Equal(x.ToArray<float>(), dropout.forward(x).ToArray<float>());
    }

    [SkippableFact]
    public void A_device_that_is_not_there_is_refused_by_name()
    {
        Libtorch.Need();
        using var scope = NewDisposeScope();

        Assert.Contains("'tpu' is not known; cpu, cuda and cuda:N are", Assert.Throws<ArgumentException>(() => device("tpu")).Message, StringComparison.Ordinal);
        Skip.If(cuda.is_available(), "there is a CUDA device here");
        Assert.ThrowsAny<Exception>(() => ones(2).to(CUDA));
    }

    [SkippableFact]
    public async Task Disposing_the_tensors_of_a_list_while_it_is_used_neither_crashes_nor_computes_wrongly()
    {
        Libtorch.Need();
        for (var round = 0; round < 500; round++)
        {
            var parts = Enumerable.Range(0, 4).Select(i => full([32], i).DetachFromDisposeScope()).ToArray();
            var disposing = Task.Run(() => Array.ForEach(parts, part => part.Dispose()));

            var sum = Sum(parts);
            await disposing;

            Assert.True(sum is null or 32 * 6);
        }

        static float? Sum(Tensor[] parts)
        {
            using var scope = NewDisposeScope();
            try
            {
                return cat(parts).sum().item<float>();
            }
            catch (ObjectDisposedException)
            {
                return null;   // the other thread was first: that is the contract
            }
        }
    }

    [SkippableFact]
    public async Task Tensors_of_a_scope_may_be_disposed_by_another_thread_while_the_scope_is_used()
    {
        Libtorch.Need();
        for (var round = 0; round < 100; round++)
        {
            Task disposing;
            using (NewDisposeScope())
            {
                var given = Enumerable.Range(0, 50).Select(i => full([4], i)).ToArray();
                disposing = Task.Run(() => Array.ForEach(given, tensor => tensor.Dispose()));
                var own = Enumerable.Range(0, 50).Select(i => full([4], i)).ToArray();
                foreach (var tensor in own.Where((_, i) => i % 3 == 0))
                    tensor.Dispose();
                Assert.Equal(4 * 49, own[49].sum().item<float>());
            }
            await disposing;
        }
    }

    [SkippableFact]
    public void A_scope_lists_what_is_left_whatever_order_it_was_disposed_in()
    {
        Libtorch.Need();
        var scope = NewDisposeScope();
        var tensors = Enumerable.Range(0, 5).Select(_ => zeros(1)).ToArray();

        foreach (var index in new[] { 4, 0, 2 })
            tensors[index].Dispose();
        tensors[1].DetachFromDisposeScope();

        Assert.Equal(1, scope.DisposablesCount);
        scope.Dispose();
        Assert.Equal([true, false, true, true, true], tensors.Select(t => t.IsInvalid));
        tensors[1].Dispose();
    }

    [SkippableFact]
    public void Lists_longer_than_the_stack_takes_come_through()
    {
        Libtorch.Need();
        using var scope = NewDisposeScope();
        var parts = Enumerable.Range(0, 700).Select(i => full([1], i)).ToArray();

        Assert.Equal(Enumerable.Range(0, 700).Select(i => (float)i), cat(parts).ToArray<float>());
        using var network = nn.Sequential([.. Enumerable.Range(0, 50).Select(i => ($"l{i}", (nn.Module<Tensor, Tensor>)nn.Linear(1, 1)))]);
        using var optimizer = optim.AdamW(network.parameters(), 0.1);
        network.forward(ones(1, 1)).sum().backward();
        optimizer.step();   // 100 parameters, which libtorch gives back in some of its calls
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
