namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public static Tensor operator +(Tensor a, Tensor b) => a.add(b);

        public static Tensor operator +(Tensor a, double b) => Operator.Get("add", "Scalar").One(a, b);

        public static Tensor operator -(Tensor a, Tensor b) => Operator.Get("sub", "Tensor").One(a, b);

        public static Tensor operator -(Tensor a, double b) => Operator.Get("sub", "Scalar").One(a, b);

        public static Tensor operator -(double a, Tensor b) => Operator.Get("rsub", "Scalar").One(b, a);

        public static Tensor operator -(Tensor a) => a.neg();

        public static Tensor operator *(Tensor a, Tensor b) => a.mul(b);

        public static Tensor operator *(Tensor a, double b) => Operator.Get("mul", "Scalar").One(a, b);

        public static Tensor operator *(double a, Tensor b) => b * a;

        public static Tensor operator /(Tensor a, Tensor b) => Operator.Get("div", "Tensor").One(a, b);

        public static Tensor operator /(Tensor a, double b) => Operator.Get("div", "Scalar").One(a, b);

        public static Tensor operator >(Tensor a, double b) => Operator.Get("gt", "Scalar").One(a, b);

        public static Tensor operator <(Tensor a, double b) => Operator.Get("lt", "Scalar").One(a, b);

        public Tensor add(Tensor other) => Operator.Get("add", "Tensor").One(this, other);

        public Tensor mul(Tensor other) => Operator.Get("mul", "Tensor").One(this, other);

        public Tensor add_(Tensor other, double alpha = 1)
        {
            Operator.Get("add_", "Tensor").One(this, other, alpha).Dispose();
            return this;
        }

        public Tensor mul_(double factor)
        {
            Operator.Get("mul_", "Scalar").One(this, factor).Dispose();
            return this;
        }

        public Tensor mul_(Tensor factor)
        {
            Operator.Get("mul_", "Tensor").One(this, factor).Dispose();
            return this;
        }

        public Tensor addcmul_(Tensor a, Tensor b, double value)
        {
            Operator.Get("addcmul_").One(this, a, b, value).Dispose();
            return this;
        }

        public Tensor addcdiv_(Tensor a, Tensor b, double value)
        {
            Operator.Get("addcdiv_").One(this, a, b, value).Dispose();
            return this;
        }

        public Tensor copy_(Tensor source)
        {
            Operator.Get("copy_").One(this, source).Dispose();
            return this;
        }

        public Tensor fill_(double value)
        {
            Operator.Get("fill_", "Scalar").One(this, value).Dispose();
            return this;
        }

        public Tensor zero_() => fill_(0);

        public Tensor uniform_(double from, double to)
        {
            Operator.Get("uniform_").One(this, from, to).Dispose();
            return this;
        }

        public Tensor normal_(double mean, double sd)
        {
            Operator.Get("normal_").One(this, mean, sd).Dispose();
            return this;
        }

        public Tensor neg() => Operator.Get("neg").One(this);

        public Tensor abs() => Operator.Get("abs").One(this);

        public Tensor exp() => Operator.Get("exp").One(this);

        public Tensor log() => Operator.Get("log").One(this);

        public Tensor sqrt() => Operator.Get("sqrt").One(this);

        public Tensor square() => Operator.Get("square").One(this);

        public Tensor pow(double exponent) => Operator.Get("pow", "Tensor_Scalar").One(this, exponent);

        public Tensor sigmoid() => Operator.Get("sigmoid").One(this);

        public Tensor tanh() => Operator.Get("tanh").One(this);

        public Tensor relu() => Operator.Get("relu").One(this);

        public Tensor clamp(double? min = null, double? max = null) =>
            Operator.Get("clamp").One(this, min is { } low ? low : Argument.None, max is { } high ? high : Argument.None);

        public Tensor minimum(Tensor other) => Operator.Get("minimum").One(this, other);

        public Tensor maximum(Tensor other) => Operator.Get("maximum").One(this, other);

        public Tensor softmax(long dim) => Operator.Get("softmax", "int").One(this, dim, Argument.None);

        public Tensor log_softmax(long dim) => Operator.Get("log_softmax", "int").One(this, dim, Argument.None);

        public Tensor sum() => Operator.Get("sum").One(this, Argument.None);

        public Tensor sum(long dim, bool keepdim = false) => Operator.Get("sum", "dim_IntList").One(this, new[] { dim }, keepdim);

        public Tensor mean() => Operator.Get("mean").One(this, Argument.None);

        public Tensor mean(long[] dimensions, bool keepdim = false) => Operator.Get("mean", "dim").One(this, dimensions, keepdim);

        public Tensor std(bool unbiased = true) => Operator.Get("std").One(this, unbiased);

        public Tensor max() => Operator.Get("max").One(this);

        public Tensor min() => Operator.Get("min").One(this);

        public Tensor argmax(long dim, bool keepdim = false) => Operator.Get("argmax").One(this, dim, keepdim);

        public (Tensor values, Tensor indexes) max(long dim, bool keepdim = false)
        {
            var both = Operator.Get("max", "dim").Call(this, dim, keepdim);
            return (both[0], both[1]);
        }

        public Tensor norm() => Operator.Get("norm", "Scalar").One(this);

        public Tensor cumsum(long dim) => Operator.Get("cumsum").One(this, dim);

        public Tensor eq(Tensor other) => Operator.Get("eq", "Tensor").One(this, other);

        public Tensor matmul(Tensor other) => Operator.Get("matmul").One(this, other);

        public Tensor mm(Tensor other) => Operator.Get("mm").One(this, other);

        public Tensor t() => Operator.Get("t").One(this);

        public Tensor transpose(long a, long b) => Operator.Get("transpose", "int").One(this, a, b);

        public Tensor permute(params ReadOnlySpan<long> dimensions) => Operator.Get("permute").One(this, dimensions.ToArray());

        public Tensor reshape(params ReadOnlySpan<long> size) => Operator.Get("reshape").One(this, size.ToArray());

        public Tensor view(params ReadOnlySpan<long> size) => Operator.Get("view").One(this, size.ToArray());

        public Tensor flatten(long start = 0, long end = -1) => Operator.Get("flatten", "using_ints").One(this, start, end);

        public Tensor squeeze(long dim) => Operator.Get("squeeze", "dim").One(this, dim);

        public Tensor unsqueeze(long dim) => Operator.Get("unsqueeze").One(this, dim);

        public Tensor expand(params ReadOnlySpan<long> size) => Operator.Get("expand").One(this, size.ToArray());

        public Tensor narrow(long dim, long start, long length) => Operator.Get("narrow").One(this, dim, start, length);

        public Tensor select(long dim, long index) => Operator.Get("select", "int").One(this, dim, index);

        public Tensor index_select(long dim, Tensor index) => Operator.Get("index_select").One(this, dim, index);

        public Tensor gather(long dim, Tensor index) => Operator.Get("gather").One(this, dim, index);

        public Tensor[] split(long size, long dim = 0) => Operator.Get("split", "Tensor").Call(this, size, dim);

        public Tensor[] unbind(long dim = 0) => Operator.Get("unbind", "int").Call(this, dim);

        public Tensor[] chunk(long chunks, long dim = 0) => Operator.Get("chunk").Call(this, chunks, dim);

        public Tensor contiguous() => Operator.Get("contiguous").One(this);

        public Tensor clone() => Operator.Get("clone").One(this);

        public Tensor detach() => Operator.Get("detach").One(this);

        public Tensor isnan() => Operator.Get("isnan").One(this);

        public Tensor any() => Operator.Get("any").One(this);

        public Tensor masked_fill(Tensor mask, double value) => Operator.Get("masked_fill", "Scalar").One(this, mask, value);

        public Tensor logsumexp(long dim, bool keepdim = false) => Operator.Get("logsumexp").One(this, new[] { dim }, keepdim);
    }
}
