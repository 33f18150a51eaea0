using AaClip.Scoring.Tensors;

namespace AaClip.Scoring.Tests;

public sealed class SafetensorsTests
{
    [Fact]
    public void What_is_written_is_read_back()
    {
        string path = Path.GetTempFileName();
        try
        {
            SafetensorsFile.Write(path, [new("a", ([2, 3], [1, 2, 3, 4, 5, 6])), new("b.c", ([1], [-0.5f]))]);

            Dictionary<string, (long[] Shape, float[] Values)> read = SafetensorsFile.ReadAll(path);

            Assert.Equal([2L, 3L], read["a"].Shape);
            Assert.Equal([1f, 2, 3, 4, 5, 6], read["a"].Values);
            Assert.Equal([-0.5f], read["b.c"].Values);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
