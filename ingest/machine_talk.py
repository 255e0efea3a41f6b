"""What agents and services say about themselves: pings, states, empty answers, and questions about the memory."""

from __future__ import annotations

from ingest.phrases import whole

_STATE = (
    "ok|okay|alive|up|running|open|idle|session|connection|service|check|test|nothing|to|do|report|new|no|"
    "changes?|tasks?"
    "|pending|still|here|all|good|green|normal|received|ack|tick|seq|pong|ping|signal|message|msg|status|"
    "from|agent|client"
    "|server|at|is|the|in|progress|queue|empty|errors?|please|ignore|reply|needed|not|required|online|"
    "healthy|and|#?\\d[\\d:.tz-]*"
)
HEARTBEAT = whole(
    (
        "(?:heart ?beat|keep[- ]?alive|ping|pong|health ?check|liveness(?: probe)?|watchdog|"
        f"no-?op)(?:_ok)?(?:\\W+(?:{_STATE}))*"
    ),
    (
        "(?:hello\\W+)?(?:(?:are you|you|anyone|anybody|is anyone|is anybody) )?(?:still )?(?:there|alive|awake|"
        "online|around|connected|with me|listening)(?: anyone)?(?:\\W+(?:just )?checking(?: in|"
        " the (?:connection|line))?)?"
    ),
    (
        "(?:just )?(?:checking|testing)(?: (?:in|the (?:connection|line)|connection|if (?:you are|you're|"
        "this) (?:there|alive|works?|on)))?(?:\\W+(?:1|2|3|one|two|three))*|test(?: message| \\d+)?|"
        "can you (?:hear|see|read) (?:me|this)"
    ),
    (
        "(?:心跳|保活|存活|连通性?|在线|连接)(?:包|消息|信号|检测|测试|检查|探测|ok|正常|收到|回复|回\\d|"
        "请忽略|无需(?:回复|处理)|第?\\d+次?|[\\s，,:：。#\\d])*"
    ),
    (
        "(?:你|您)?(?:还|都)?(?:在|在线|在听|活着|醒着)(?:吗|么|嘛|不在|没)(?:[，,]?(?:测试|测)(?:一下)?(?:连接|"
        "网络)?)?|有人(?:在)?(?:吗|么)|掉线(?:了)?(?:吗|没)|(?:能|可以)?(?:听|收|看)(?:得)?(?:到|见)(?:吗|么|"
        "消息吗|我(?:说话)?吗)|测试(?:一下|消息|\\d+)*|喂+"
    ),
)
_KNOWLEDGE = (
    "(?:information|info|records?|memor(?:y|ies)|details?|data|notes?|entr(?:y|ies)|results?|context|"
    "knowledge|mentions?|recollections?|matches|facts?)"
)
_RELEVANT = "(?:(?:relevant|related|stored|saved|matching|specific|further|more|previous|such|recorded|particular) )*"
_ABOUT = (
    "(?: (?:about|on|of|regarding|concerning|for|related to|relating to|in|matching|"
    "that match(?:es)?)(?: [\\w'-]+){1,7})?"
)
_SORRY = (
    "(?:(?:i'm |i am )?(?:sorry|afraid)|apologies|unfortunately|hmm*|my apologies|it (?:seems|looks like)|but|that)"
)
_MEMORY = "(?:memor(?:y|ies)|records?|information|info|notes?|conversations?|history|archive|database|side)"
_MENTIONED = "(?:talked|spoken|discussed|mentioned|told|shared|covered|said)"
REFUSAL = whole(
    (
        f"(?:{_SORRY}\\W+)*(?:my|the) {_MEMORY} (?:contains?|has|have|holds?|shows?|is|are) (?:no|"
        "nothing|not|empty)(?: [\\w'-]+){0,7}"
    ),
    (
        f"(?:{_SORRY}\\W+)*(?:i|we|you|you and i) (?:have not|haven't|never|did not|didn't)(?: (?:yet|ever|"
        f"actually))* {_MENTIONED}(?: [\\w'-]+){{0,6}}"
    ),
    (
        f"(?:{_SORRY}\\W+)*there(?:'s| is| was) (?:nothing|no \\w+)(?: [\\w'-]+){{0,3}} in (?:my|our|"
        f"the) {_MEMORY}(?: [\\w'-]+){{0,5}}"
    ),
    (
        f"(?:{_SORRY}\\W+)*(?:that|this|your|the|any)(?: \\w+){{0,3}} (?:is|are|was|were)(?: not|"
        "n't) (?:available|known|stored|saved|on file|recorded|something i (?:know|remember))(?: (?:to|by|"
        "with|in|for|me|my|memory|yet|here))*"
    ),
    f"(?:{_SORRY}\\W+)*(?:nothing|no \\w+) (?:comes|springs) to mind(?: [\\w'-]+){{0,5}}",
    (
        f"(?:{_SORRY}\\W+)*i (?:do not|don't) know(?: (?:that|this|it|yet|about that|anything about (?:that|"
        "this|it|you|your \\w+)|who (?:that|you).{0,20}|what (?:that|you).{0,20}|your \\w+))*"
    ),
    (
        "(?:(?:很|非常|十分)?(?:抱歉|对不起|不好意思|遗憾))?\\W*(?:我|我这里|我们|之前|以前|还|好像|似乎|"
        "目前|你|您)*(?:没有?|不知道|不清楚|不记得|未)(?:找到|查到|聊过|说过|谈过|提过|讨论过|听过)?(?:你|"
        "您|这|那|关于)(?:说|提|们|个|件|的|条|过|方面|事|到)*\\w{0,6}"
    ),
    (
        "(?:我们?|你|您)(?:之前|以前|上次|好像|似乎|还|都|从来?)*没有?(?:聊|说|谈|讨论|提|讲)(?:过|到|"
        "起)(?:这个|这件事|这些|它|此事)?"
    ),
    (
        f"(?:{_SORRY}\\W+)*(?:i|we) (?:currently |still )?(?:do not|don't|did not|didn't|can't|cannot|can not|"
        "couldn't|could not|am unable to|was unable to|wasn't able to) (?:currently |seem to )?(?:have|see|find|"
        f"recall|remember|locate|retrieve|hold)(?: (?:any|a|the|that))? {_RELEVANT}{_KNOWLEDGE}(?: (?:available|"
        f"stored|saved))?{_ABOUT}"
    ),
    (
        f"(?:{_SORRY}\\W+)*(?:i|we) (?:do not|don't|did not|didn't|can't|cannot|couldn't|could not|am unable to|"
        "was unable to) (?:currently |seem to )?(?:have|see|find|recall|remember|know|locate|"
        f"retrieve) anything(?: (?:stored|saved|relevant))?{_ABOUT}"
    ),
    (
        f"(?:{_SORRY}\\W+)*(?:i|we) (?:have|hold|see|found|find|got|know) (?:no|nothing|"
        f"zero)(?: {_RELEVANT}{_KNOWLEDGE})?(?: (?:stored|saved|on file|relevant))?{_ABOUT}"
    ),
    (
        f"(?:{_SORRY}\\W+)*(?:there(?:'s| is| are| was| were) )?(?:no|"
        f"nothing) (?:{_RELEVANT}{_KNOWLEDGE} )?(?:(?:was |were |is |are )?(?:found|available|stored|saved|"
        f"recorded|on file|in (?:my )?memory))?{_ABOUT}"
    ),
    f"(?:{_SORRY}\\W+)*(?:there(?:'s| is| are) )?(?:no|nothing) {_RELEVANT}{_KNOWLEDGE}{_ABOUT}",
    (
        f"(?:{_SORRY}\\W+)*you (?:haven't|have not|never|didn't) (?:told|mentioned|shared|said|given)(?: (?:me|"
        "to me|anything|that|this|it|about|yet|before|your|so far|any \\w+|\\w+))*"
    ),
    (
        f"(?:{_SORRY}\\W+)*(?:i|we) (?:don't|do not|can't|cannot) (?:know|remember|recall)(?: (?:that|this|it|"
        "what you (?:said|mean|told me)|you telling me that))?"
    ),
    (
        "(?:(?:很|非常|十分)?(?:抱歉|对不起|不好意思|遗憾))?\\W*(?:我(?:这里|这边|的记忆(?:里|中)?|"
        "的记录(?:里|中)?)?|系统|目前|"
        "暂时|这里|记忆库?(?:里|中)?|记录(?:里|中)|还|并|\\W)*(?:没有?|未能?|查不到|找不到|搜不到|无法|不记得|"
        "暂无|无|想不起)(?:找到|查到|检索到|搜索?到|记录|存储?|保存|回忆起?|想起|关于|任何|相关|有关|匹配|对应|"
        "这方面|类似|过|的|\\w{1,12}(?:的|相关))*(?:记忆|信息|记录|内容|资料|结果|数据|印象|"
        "线索)(?:可[以用]?(?:提供|参考)?|了)?"
    ),
    (
        "(?:抱歉|对不起|不好意思)?\\W*(?:你|您)(?:还|之前|以前)?(?:没有?|未曾?)(?:跟我|和我|对我|向我)?(?:说|提|"
        "告诉|讲)(?:过|到|我|起)*(?:这(?:个|件事|些|方面)?|相关(?:信息|内容)|\\w{0,6})?|(?:抱歉|"
        "对不起)?\\W*我(?:不知道|不清楚|不记得|想不起来)(?:(?:你|您)(?:说|提|讲)过)?(?:了|这个|这件事|这些|呢)?"
    ),
)
# Longer than any slot, yet closed: it can only be said by one who searched for an answer.
SEARCHED = whole(
    (
        f"(?:{_SORRY}\\W+)*(?:i|we)(?:'ve| have)? (?:looked|searched|checked|gone|went|combed|"
        "scanned)(?: (?:through|in|over|all|of))* (?:my|the|our)(?: (?:stored|saved|own))* (?:notes?|memor(?:y|"
        "ies)|records?|history|conversations?|store)\\W+(?:and|but)(?: (?:i|there|could|still|is|was))* (?:found|"
        "find|see|saw|have|came up with|nothing|no|not find)(?: (?:nothing|no|anything|any|results?|matches|"
        "records?|memor(?:y|ies)|that|which|matches|match|matching|relevant|related|related to|about|on|for|to|"
        "your|the|this|that|question|query|request|topic|it|there))*"
    ),
    (
        "(?:我)?(?:翻|查|找|搜|检索)(?:了|过|遍|看)+(?:一遍|一下|所有|全部|我的|之前的)*(?:记忆|记录|笔记|历史|"
        "对话|资料)(?:库)?\\W*(?:都|也|但|并|还是|仍然)*(?:没有?|未)(?:找到|查到|发现|看到)(?:任何|相关|有关|"
        "匹配|的)*(?:内容|信息|记录|结果|东西)?"
    ),
)
META = whole(
    (
        "(?:so |and |hey )*(?:have|did|do|had) i (?:ever |already |once |not )*(?:told?|tell|"
        "mention(?:ed)?|say|said|share[d]?|give|given)\\b[^.?!:]*[?]"
    ),
    "is (?:my|our|the)(?: [\\w'-]+){1,4} (?:stored|saved|remembered|recorded|on file|in (?:your|the) memory)[^.?!]*[?]",
    (
        "(?:please |can you |could you |would you )*remind me (?:what|who|when|where|which|how|why|"
        "of what)\\b[^.?!:]*[?.]?|what(?:'s| is) in (?:your|my) memory(?: \\w+){0,3}"
    ),
    (
        "(?:关于)?(?:我|我们)(?:和你|跟你|对你|你|您|之前|上次|以前|刚才|昨天|到底|有没有|是不是|"
        "都)*[^。！？?，,；]{0,4}(?:说|聊|提|讲|告诉|知道|记得|记住|了解|记)(?:过|到|的|你|您|了|"
        "些)*[^。！？?，,；]{0,8}(?:吗|什么|哪|谁|多少|来着|没有|哪些|哪儿|啥)[^。！？?，,；]{0,5}"
    ),
    (
        "(?:你|您)(?:对我|关于我|跟我|能|能不能|可以|这边|还|都)*[^。！？?，,；]{0,3}(?:记得住|记下|记住|"
        "了解|记|存)[^。！？?，,；]{0,12}(?:吗|什么|哪些|多少|没有)"
    ),
    "how many (?:\\w+ )?(?:memories|facts|notes|things|entries)\\b[^.?!]*[?]",
    (
        "(?:so |and |hey |ok )*(?:what|which|how much|how many|who|where|when|why)\\b(?! about)[^.?!]*\\b(?:you|"
        "your)\\b[^.?!]*\\b(?:know|remember|recall|stored?|saved?|memor(?:y|ies)|on file|kept|learn(?:ed|t)?|"
        "noted|recorded|forget|forgotten)\\b[^.?!]*[?]"
    ),
    (
        "(?:so |and |hey |ok )*(?:can|could|do|did|will|would|have|are) you (?:\\w+ )?(?:remember(?:ed)?|recall|"
        "know|stored?|saved?|noted?|kept|keep|memori[sz]ed?|record(?:ed)?|forgotten|forget|forgot|"
        "tell me what you)(?! that \\w)\\b[^.?!:]*[?]"
    ),
    (
        "(?:please |can you |could you )*(?:show|list|tell|give|print|display|dump|summari[sz]e|repeat|"
        "read)(?: (?:me|back|out|us|to))*\\b(?! that)[^.?!]*\\b(?:you(?:'ve| have)?(?: \\w+)? (?:know|remember|"
        "stored|saved|have|kept|noted|learned|recorded|got)|your (?:memory|memories|notes|records)|(?:my|"
        "all) (?:stored |saved )?(?:memories|facts))\\b[^.?!]*[.?]?"
    ),
    (
        "what (?:did|have) i (?:\\w+ )?(?:tell|told|say|said|mention(?:ed)?|ask(?:ed)?)\\b[^.?!]*[?]|what(?:'s|"
        " is) in (?:your|my|the) (?:memory|memories)[^.?!]*[?]|is (?:that|this|it) (?:in your memory|saved|"
        "stored|remembered)[^.?!]*[?]|(?:who am i|what(?:'s| is) my name)[?]"
    ),
    (
        "(?:那|所以|请问)?(?:你|您)(?:现在|还|都|到底|究竟|能|能不能|可以|是否|已经|这边|对我)*(?:记得|记住|知道|"
        "记了|记着|记下|存了|存着|保存|了解|记录|想起|回忆|忘)[^。！？?，,；]*(?:什么|哪些|吗|多少|没有|没|谁|哪|"
        "么|啥)[^。！？?，,；]{0,6}[？?]*"
    ),
    (
        "(?:请|麻烦)?(?:把|将)?(?:你|您)(?:都|已经|所有)?(?:记住|记得|保存|存|记录|知道|记)(?:下来|下|"
        "了)?的[^。！？?，,；]{0,12}(?:列|给我|说|显示|打印|展示|告诉)[^。！？?，,；]{0,10}|(?:列出|显示|展示|"
        "给我看看?|告诉我|查看)(?:一下)?(?:你|您|我)?[^。！？?，,；]{0,8}(?:记住|记得|保存|存|记录|知道|"
        "记忆)[^。！？?，,；]{0,10}"
    ),
    (
        "我(?:之前|上次|以前|刚才|昨天|上周|曾经)*(?:都)?(?:跟你|和你|对你|给你|告诉|向你)*(?:说|讲|告诉|提|"
        "聊)(?:过|到|了)*(?:你)?(?:些)?(?:什么|哪些|啥)[^。！？?，,；]{0,6}|(?:你|您)?的?(?:记忆|记忆库)(?:里|"
        "中)?(?:都)?(?:有|存了|保存了)(?:什么|哪些|多少|我)[^。！？?，,；]{0,10}"
    ),
)
_SEARCH = "(?:(?:memory|vector|semantic|keyword|full-?text|hybrid) )?(?:search|query|lookup|look-up|recall|retrieval)"
_COUNT = (
    "(?:\\d+|no|zero|none|empty|nothing|null)(?: (?:results?|hits?|matches|match|memories|memory|documents?|"
    "docs|rows?|records?|items?|candidates?))?"
)
_AFTER = (
    "(?:\\W*(?:for [\"'“][^\"”']*[\"'”]|in \\d[\\d.]* ?(?:ms|s|seconds|milliseconds)|\\([^)]*\\)|"
    "[a-z_]+ ?[=:] ?[\\w.]+|(?:took|after|elapsed) \\d[\\d.]* ?(?:ms|s|seconds)|\\d[\\d.]* ?ms|"
    "top[- ]?k ?\\d+))*"
)
_PART = (
    "(?:(?:the|embedding|embeddings|vector|search|index|graph|memory|database|cache|message|write|ingest|"
    "worker|background|model|task|job|sync|api|neo4j|redis) )*(?:service|server|index|embedder|database|db|"
    "api|worker|workers|queue|connection|store|backend|model|cache|endpoint|node|cluster|pipeline|sync|disk|"
    "socket)"
)
_HEALTH = (
    "(?:is |are |: ?|= ?|status |state )*(?:reachable|unreachable|healthy|unhealthy|ok|okay|up|down|running|"
    "online|offline|connected|disconnected|ready|available|idle|empty|normal|warm|loaded|alive|synced|"
    "in sync|up to date|established|restored|green)"
)
_GAUGE = (
    "(?:(?:queue|write|index|last|pending|active|current|average|avg|request|response) )*(?:length|depth|"
    "size|pending|backlog|latency|elapsed|uptime|flush|sync|lag|hits?|results?|jobs|tasks|connections|errors|"
    "retries|checkpoint)"
)
_SEGMENT = (
    f"(?:{_PART} {_HEALTH}|{_GAUGE}(?: is|:|=)? ?(?:\\d[\\d.]* ?(?:ms|s|sec|seconds|m|min|minutes|h|%|mb|gb|"
    "items|docs)?(?: ago)?|empty|none)|(?:\\d+|no|zero) (?:errors?|jobs?|tasks?|items?|"
    f"results?)(?: (?:pending|queued|running|failed))?|{_COUNT}|took \\d+ ?ms|status ?[:=]? ?\\w+)"
)
DIAGNOSTIC = whole(
    (
        "(?:\\[?(?:info|debug|warn|warning|trace|"
        f"status)\\]?\\W+)?{_SEARCH}(?: (?:for )?[\"'“][^\"”']*[\"'”])?\\W*(?:(?:returned|found|gave|yielded|"
        "matched|finished|completed|done|ok|failed|timed out|with|->|=>|→|:|produced|"
        f"got)\\W*)*(?:{_COUNT})?{_AFTER}"
    ),
    f"{_COUNT}(?: (?:found|returned|matched))?{_AFTER}",
    f"(?:\\[?(?:info|debug|warn|warning|trace|status)\\]?\\W+)?{_SEGMENT}(?:(?:[,;|.·]| -| and)\\s*{_SEGMENT})*",
    (
        "(?:本次|向量|全文|关键词|语义|混合|记忆)?(?:检索|查询|搜索|"
        "召回)(?:[“\"「『'][^”\"」』']*[”\"」』'])?\\W*(?:(?:已?完成|到|结束|成功|失败|超时|结果|返回|命中|共|得到|"
        "找到|为|：|:|->|→|=>)\\W*)*(?:无|0|零|\\d+|没有|空)?\\s*(?:条|个|项)?(?:结果|记录|命中|匹配|"
        "记忆)?(?:\\W*(?:(?:总)?(?:耗时|用时|延迟)\\W*\\d[\\d.]*\\s*(?:毫秒|ms|秒|s)|top\\W*\\d+))*"
    ),
    (
        "(?:(?:[，,；;、]\\s*)?(?:向量|嵌入|索引|数据库|图|缓存|消息|后台|写入|待写入|待处理|任务|同步|检索|搜索|"
        "网络|模型|当前|内存|存储)*(?:服务|连接|状态|库|队列|索引|任务|节点|接口|缓存|延迟|积压|长度|进程|"
        "模型)+(?:连接|状态|数量?|长度|运行|加载)*[为：:\\s]*(?:正常|可用|不可用|已?就绪|空|良好|在线|离线|"
        "运行中|健康|稳定|已?连接|已?断开|已?加载|完成|空闲|\\d[\\d.]*\\s*(?:毫秒|ms|秒|条|个)?))+"
    ),
)
