using AaClip.Pipeline.Storage;

namespace AaClip.Pipeline.Tests.Storage;

public class TableKeysTests
{
    [Theory]
    [InlineData("line-1_A.b@2", "line-1_A.b@2")]
    [InlineData("a/b\\c#d?e", "a~2Fb~5Cc~23d~3Fe")]
    [InlineData("~|%'\" \u0085", "~7E~7C~25~27~22~20~C2~85")]
    [InlineData("ü😀", "~C3~BC~F0~9F~98~80")]
    [InlineData("", "")]
    public void What_keys_refuse_is_escaped(string text, string key) => Assert.Equal(key, TableKeys.Part(text));

    [Fact]
    public void Long_text_keeps_its_beginning_and_stays_apart_from_others()
    {
        string text = new('a', 500);

        string key = TableKeys.Part(text + "1"),
            other = TableKeys.Part(text + "2");

        Assert.Equal(TableKeys.MaxPart, key.Length);
        Assert.StartsWith("aaaa", key, StringComparison.Ordinal);
        Assert.NotEqual(key, other);
        Assert.Equal(new string('a', TableKeys.MaxPart), TableKeys.Part(new string('a', TableKeys.MaxPart)));
    }
}
