"""The words that a message without information is made of, by family; no name, verb of fact or number is among them."""

from __future__ import annotations

from ingest.phrases import vocabulary

_FUNCTION_WORDS = """
    i i'm i'll i'd i've you you're you'd you've we we're we'll me my your it it's its that that's this these
    there here is are was were be been am a an the to for of in on with by and or but so then now just really
    very too quite pretty much more most all again already still ever yet always as up out what whatever how
    well oh ah hm um huh right some lot bit both day today tonight time will would can could did do does
    done be being get got let's
"""
_CHINESE_FUNCTION_WORDS = """
    我 你 您 我们 大家 这 那 的 了 啊 呀 哦 呢 哇 啦 吧 嘛 吗 哈 么 就 都 也 又 还 很 真 太 好 挺 真的 一下 先
    再 今天 现在 在 有 是
"""

GREETING_WORDS = vocabulary(
    """
    hi hello hey hiya howdy greetings welcome morning afternoon evening night goodnight bye goodbye dreams 早
    早上 早安 晚安 你好 您好 哈喽 哈罗 哈啰 嗨 嘿 大家好 下午好 晚上好 上午好 中午好 再见 拜拜 早上好
    """,
    f"""
    {_FUNCTION_WORDS} {_CHINESE_FUNCTION_WORDS} have had been good sweet happy lovely nice great top folks friends
    friend partner team everyone everybody guys mate buddy there from train see tomorrow later soon around back long
    hope doing things going sleep fine okay ok today's week weekend sir madam 新 的一天 忙 在忙 各位 朋友 朋友们
    老师 小助手 助手 请问 来 回来 上线 好久 不见 开始 吃 明天 见 各位好
    """,
)
ACK_WORDS = vocabulary(
    """
    ok okay thanks thank thx cheers great perfect awesome excellent nice cool lovely brilliant amazing wonderful
    fantastic good fine yes yep yeah yup sure noted understood agreed exactly absolutely correct super helpful
    alright indeed appreciate appreciated welcome gotcha roger sounds true sorry no nope 好的 好 行 嗯 嗯嗯 可以
    收到 明白 了解 懂了 懂 知道了 谢谢 多谢 感谢 辛苦 没问题 没事 没毛病 同意 赞 不错 厉害 完美 对 是的 好嘞
    听你的
    """,
    f"""
    {_FUNCTION_WORDS} {_CHINESE_FUNCTION_WORDS} have had one think best better works work worked try it'll timing quick
    quickly fast easy help helped needed wanted meant worries problem problems rush makes make sense look looks
    looking sound like idea point plan call catch many patience reply answer explaining explanation clear
    later soon first way need see know hear understand believe that'll enough forward anytime course case going
    happy glad hope guess enjoy kind 试试 看看 听 按 说 办 按你说的办 这么 这样 马上 处理 解决 帮助 帮忙 搞定
    安排 想想 去 做 弄 等 等等 继续 问题 没 不用 不客气 客气 麻烦 放心 非常 十分 特别 给 力 给力 及时 快 那 那就
    需要 要 想 想要 正是 完全 没错 你说得 得 清楚 有用 有道理 开始 回头 晚点 稍后
    """,
)
SMALLTALK_WORDS = vocabulary(
    """
    weather rain raining rainy snow snowing snowy sun sunny wind windy cloudy fog foggy storm traffic coffee tea
    lunch breakfast dinner snack nap tired sleepy hungry thirsty bored exhausted starving monday mondays tuesday
    wednesday thursday friday fridays weekend week haha hahaha hehe lol lmao joke jokes funny hilarious laugh
    laughing yawn sunset freezing boiling hot cold brr legs stretching hump tgif 天气 下雨 下雪 大雨 雨 雪 刮风
    太阳 阳光 晚霞 放晴 热 冷 闷 晒 困 累 饿 撑 渴 堵 无聊 开心 郁闷 周一 周五 周末 放假 下班 午休 午饭 晚饭
    早饭 饭 咖啡 奶茶 哈哈 哈哈哈 呵呵 嘿嘿 嘻嘻 笑死 逗 搞笑 时间 香 星期一 礼拜一
    """,
    f"""
    {_FUNCTION_WORDS} {_CHINESE_FUNCTION_WORDS} isn't wasn't am what's outside inside finally another such
    typical lovely nice awful terrible horrible great good bad crazy wild forever ever flies fast slow slowly
    dragging went gone over took need needs want ugh wow phew man gosh ha thank god happy nearly almost nobody
    anybody else late early long short made makes_me_laugh made_me_laugh that joke myself break cup second third feeling
    feel feels looks tastes smells tough rough 外面 外头 窗外 路上 楼下 食堂 死 坏 死了 翻 快 过得 过
    得 要 想 好想 想要 终于 总算 刚 刚刚 吃 吃完 吃得 完 喝 第二 杯 综合症 犯 怎么 这么 有点 有点儿 特别 非常 超
    不想 上班 一会儿 觉 睡 睡觉 没 睡好 昨晚 早上 中午 晚上 下午 最近 突然 越来越 天 味道 好吃 难吃 好看
    漂亮 美 舒服 大 小 来 去 桂花 花 空调
    """,
)
HEARTBEAT_WORDS = vocabulary(
    """
    heartbeat keepalive keep-alive ping pong alive awake connection noop probe liveness healthcheck 心跳 保活
    存活 ping 在线检测 连接测试 连通性 活着 在线 在吗
    """,
    r"""
    you you're are is there still just checking check test testing only please ignore reply ok okay all good me
    with the a one two three no need to answer anyone anybody this hello hi hey can hear if it's up and on line
    tick seq \d[\d:.tz]* #\d+ 请 忽略 收到 回复 请回复 检测 测试 消息 信号 包 正常 一切 一切正常 无需 不用
    处理 你 还 吗 么 吧 的 了 次 第 有人 连接 网络 是否
    """,
)
DIAGNOSTIC_WORDS = vocabulary(
    """
    search query lookup recall retrieval index indexing reindex embedding embeddings vector queue hits results
    memories latency database backend worker workers cache embedder 检索 查询 搜索 召回 索引 嵌入 向量 队列 相关记忆
    命中 数据库 缓存 写入
    """,
    r"""
    the a is are and with of for in to after since took found returned returning returns matched matching
    matches match no not none nothing zero empty idle ready complete completed finished done failed timed out ok
    up down running reachable healthy online offline connected loaded loading rebuilt restarted warm model
    service services server store node task tasks job jobs pending queued space spaces team personal top elapsed
    length size depth last flush sync synced ago ms s sec seconds milliseconds rows row items documents docs
    records record entries hit result memory response status state normal available established closed opened
    debug info warn warning error errors trace k  [\"'“「『][^\"'”」』]*[\"'”」』] \d[\d.,]* \[\] \(\) =>
    -> [a-z_]+=\w+ 完成 结束 重建 成功 失败 超时 返回 共 找到 得到 到 无 没有 空 为空 为 条 个 项 相关 记忆 结果
    记录 匹配 耗时 用时 延迟 总 毫秒 秒 服务 响应 连接 状态 正常 可用 已 就绪 加载 任务 后台 待 处理 待处理 长度
    积压 同步 模型 运行 中 良好 健康 在线 本次 的 了 全部 目前 当前 存储 节点
    """,
)
